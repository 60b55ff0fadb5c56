export { LedgerModule } from './ledger.module.ts';
export { lastBookModel } from './last-book.ts';
export { MerchantBooks, BookTaken, type BooksSettings } from './merchant-books.ts';
export { PostFactsProcess } from './post-facts.process.ts';
