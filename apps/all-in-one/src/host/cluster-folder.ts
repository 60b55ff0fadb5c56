import { checkoutFolder, durableFolder } from '@tillstream/event-store/embedded';
import { openNodeFolder, type NodeFolder } from './data-folder.ts';

/** The data folder of a cluster on this machine: one beside the single node's unless another is wished. */
export const clusterFolder = (wished: string | undefined): NodeFolder =>
  openNodeFolder(wished ?? `${durableFolder(checkoutFolder())}-cluster`);
