/** Node's direct decoders; `toString(encoding)` looks its encoding up on every call, which costs more than the decoding. */
export interface NativeBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  hexSlice(start: number, end: number): string;
}
