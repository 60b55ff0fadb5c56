import { IsoError, type IsoMessage } from '@tillstream/iso8583';

/** 63.1 of a request: the operator's number; empty when there is none. @throws IsoError for one that is not ASCII. */
export function operatorOf({ 63: field }: IsoMessage['fields']): string {
  const operator = String(field ?? '').slice(0, 3);
  if (/^[\x20-\x7e]*$/.test(operator)) return operator;
  throw new IsoError('F63', 'an operator with characters that are not ASCII', 'three digits or letters');
}
