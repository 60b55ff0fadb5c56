/** STAN, batch, time. */
export function numberingChapter(): string {
  return `## 9 STAN and batch

- F11, the STAN, is 000001 to 999999: one more for every new message, declined ones too, then 000001 again. A message that is sent again keeps it,
  a 0400 has the STAN of what it reverses. Keep it across power loss.
- F60.2, the batch, is 000001 to 999998. Sign-in gives the number; while the batch holds entries a sign-in returns the same number. After a settlement add 1
  (after 999998 comes 000001) and trade on; no new sign-in is needed.
- Merchant, terminal, batch and STAN together name a transaction. The same key with the same content is a repeat and gets the first answer again; with other content it gets 94.
- 77 on a settlement: the batch is out of step. Sign in, take the number of the reply, settle again.
- Force a settlement at 500 transactions; F48 cannot count above 999.`;
}

/** Undoing what got no answer. */
export function reversalChapter(): string {
  return `## 10 No answer: reversal and repetition

A terminal stores a pending reversal **before** it sends a 0100 or 0200 that moves money, and clears it at a trusted, definite reply. It reverses with 0400 when

- no reply came within 60 s (F39 = 98),
- the reply's F64 is missing or wrong (F39 = A0),
- the reply does not match in F4, F11, F41, F42, or the sale cannot be completed: script failed, paper out, card refused (F39 = 06).

The 0400 has MTI 0400, and F2, F3, F4, F11, F14, F22, F23, F25, F41, F42, F49, F60 as in the original. F35, F36, F52, F26 and F53 are left out. F55 holds only tags 95, 9F1E, 9F10, 9F36, DF31.
F61 is the original's own batch, STAN and date (16 digits), or absent. It carries F64. Send it before the next online transaction, settlement or sign-off, three
times on each occasion; keep it until the reply's F39 is 00, 12 or 25: 00 undone, 25 there was nothing, 12 too late or settled (print it, tell the merchant). If it is still
unanswered after three occasions, do no new card transactions.
After F39 = 68, 91, 96 or 98 the host itself undoes; a reversal is allowed but not needed.

0220 (refund, completion advice, offline sale), 0620 and 0320 are never reversed: send the same message again, same STAN, until it is answered. 94 to a repeated advice means that the host has it. A sale is
never sent a second time.`;
}

/** How to name the original. */
export function originalChapter(): string {
  return `### F61, original transaction

Zeros mean "not given". 12 digits suffice for a void (batch, STAN); a refund and the pre-authorisation family give the date too (16). A reversal repeats
the reversed message's own batch, STAN and date. MMDD without a year is the latest such date that is not in the future.

| Message | Original is found by |
|---|---|
| void, completion void | F61 batch and STAN, else F37 |
| refund | F37 and F61 date; F37 as in the receipt of the sale |
| pre-authorisation void, completion, completion advice | F38, F61 date, card |
| reversal | F41, F42, F60.2, F11 of the message itself |`;
}

/** Closing a batch. */
export function settlementChapter(): string {
  return `## 11 Settlement and batch upload

Before it: no pending reversal, all advices sent. 0500 carries F60 = \`00\` + batch + \`201\` and F48, 62 digits: 31 for domestic cards, then 31 for foreign cards:

| Digits | Content |
|---|---|
| 1-12 | sum of debits in fen: sales and completions |
| 13-15 | number of debits |
| 16-27 | sum of credits in fen: voids, refunds, completion voids |
| 28-30 | number of credits |
| 31 | reply code: 0 in the request; 1 balanced, 2 not balanced, 3 error in the reply |

A transaction is domestic when the reply's F63 began with \`CUP\`, else foreign. Approved transactions count, also those that were voided (the sale as debit, the void as
credit); reversed and declined ones do not; neither do balance inquiries and pre-authorisations. Wallet payments that went another way are not in F48. An empty batch is 62 zeros. Example, three
debits of 4,567.00 yuan in all and one credit of 120.00: \`0000004567000030000000120000010\` and 31 zeros.

The reply has F39 = 00 and F48 with the same digits and reply codes at digits 31 and 62. Settle again with the same batch number when no reply comes; the stored answer is repeated.

Reply 1 in both blocks: for each chip transaction one 0320 with F60.3 = 203 (204 for a failed offline one), then the end message with 207. Reply 2 or 3 in any block: upload everything:

1. Copies of offline sales, refunds and completion advices: 0320 with their F3, F4, F11, F60.1 (30 32 34, 25, 24) and F60.3 = 000, without track and PIN.
2. Each chip transaction: 0320, F60.3 = 205 (206 failed offline), with F4, F11, F55.
3. All others as lists: 0320, F60.3 = 201, F48 = count (2 digits, at most 08), then for each: \`00\` domestic or \`01\` foreign, STAN (6), card number
   (20, zeros on the left), amount (12). Each 0320 has a STAN of its own in F11, except the copies of 1 and 2, which have that of the transaction.
4. The end: 0320, F60.3 = 202, F48 = number of all transactions uploaded, four digits.

If the connection breaks, upload again from the start, or send a new 0500; both are legal. After the end message has been answered 00: print the slip, clear the batch, add 1 to its number.`;
}

/** Scan data, balance, F44, F55, F63. */
export function otherFieldsChapter(): string {
  return `### F44

Two ids of 11 characters, filled with spaces on the right: issuer, acquirer.

### F55, chip data

BER-TLV: tag (1 to 3 bytes), length in shortest form (one byte to 7F; 81 and one byte; 82 and two bytes), value. Every tag once; no filling between objects. A sale: 9F26 9F27 9F10 9F37 9F36 95 9A 9C 9F02 5F2A
82 9F1A 9F03 9F33 and as the card has them 9F34 9F35 9F1E 84 9F09 9F41 9F63. A reply: 91, 71, 72.

### F59, scan data

Repeated: tag (2 characters), length (3 digits), value. A3 the code that the payer shows; A4 the voucher that the reply of a sale carries and a void or refund sends back. Example: \`A30196220000000000000005\` is A3 with 19 characters.

### F63

Request: three digits of operator number; 000 in a refund. Reply to a transaction: card scheme in the first three characters, \`CUP\` domestic, \`VIS\`, \`MCC\`, \`MAE\`, \`JCB\`, \`AEX\` foreign; text may follow.`;
}
