import type { LayoutSpec } from '../spec/field-spec.ts';

/** F90: what a reversal or void undoes, as it was sent (42 digits, ISO 8583:1987). */
export const originalElementsLayout = {
  required: 5,
  parts: [
    { id: '90.1', name: 'mti', zh: '原报文类型', en: 'Original MTI', format: 'n', size: 4 },
    { id: '90.2', name: 'stan', zh: '原跟踪号', en: 'Original STAN', format: 'n', size: 6 },
    { id: '90.3', name: 'transmission', zh: '原传输时间', en: 'Original F7', format: 'n', size: 10 },
    { id: '90.4', name: 'acquirer', zh: '原受理方', en: 'Original F32, zeros on the left', format: 'n', size: 11 },
    { id: '90.5', name: 'forwarder', zh: '原发送方', en: 'Original F33, zeros on the left', format: 'n', size: 11 },
  ],
} as const satisfies LayoutSpec;
