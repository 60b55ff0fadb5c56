import type { Fact } from '../fact.ts';
import type { OperationRef } from './parts.ts';

/** What a chip made of the issuer's scripts (0620); kept beside the transaction that it names. */
export type ScriptResultReceived = Fact<
  'ScriptResultReceived',
  1,
  {
    /** The transaction whose answer brought the scripts. */
    readonly operation: OperationRef;
    /** Key of the 0620 itself, so that a repeat is told from another: batch and STAN. */
    readonly batch: string;
    readonly stan: string;
    /** F55, hex: tags 95, 9F1E, 9F10, 9F36 and DF31 alone. */
    readonly chip: string;
  }
>;

/** The card holder's signature is in the vault (S16); the fact names it and fixes its content. */
export type SignatureReceived = Fact<
  'SignatureReceived',
  1,
  {
    /** The transaction that was signed. */
    readonly operation: OperationRef;
    /** Handle in the vault. */
    readonly image: string;
    /** SHA-256 of the image, hex. */
    readonly sha256: string;
    readonly bytes: number;
  }
>;
