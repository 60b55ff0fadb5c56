/**
 * Why the security code refused. Callers map the code; the text is for logs and never holds a key, a PIN or a card number.
 *
 * - `bad-input`: an argument of the wrong length or alphabet, a defect or a configuration fault of the caller
 * - `blob-unreadable`: tampered, cut short, or bound to another handle or context
 * - `unknown-key-version`: written under a master key that this process was not given
 * - `wrong-key-kind`: the key is sound, but not one for this operation
 * - `kcv-mismatch`: an imported or downloaded key is not the key its sender meant
 * - `pin-block-invalid`: one code for every check, so that an answer teaches nothing about a guessed PIN block
 * - `pin-format-refused`: a translation between formats that is not allowed
 * - `ksn-refused`: a DUKPT serial number that no honest device can send
 * - `epoch-gone`: the epoch key was destroyed, or never existed
 * - `person-erased`: the person's key was destroyed
 */
export type SecurityErrorCode =
  | 'bad-input'
  | 'blob-unreadable'
  | 'unknown-key-version'
  | 'wrong-key-kind'
  | 'kcv-mismatch'
  | 'pin-block-invalid'
  | 'pin-format-refused'
  | 'ksn-refused'
  | 'epoch-gone'
  | 'person-erased';

/** A refusal of the security code; `code` is stable, `message` carries no secret. */
export class SecurityError extends Error {
  override readonly name = 'SecurityError';
  readonly code: SecurityErrorCode;

  constructor(code: SecurityErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
