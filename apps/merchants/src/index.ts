export { MerchantsModule } from './merchants.module.ts';
