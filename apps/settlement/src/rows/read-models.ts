import type { ReadModel } from '@tillstream/service-kit';
import { batchModel } from '../batch/batch.model.ts';
import { bookModel } from './book.model.ts';
import { clearingModel } from './clearing.model.ts';
import { payoutModel } from './payout.model.ts';

/** Every set of rows of this service. */
export const readModels: readonly ReadModel[] = [batchModel, clearingModel, payoutModel, bookModel];
