import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';

type Fields<T> = { readonly [K in keyof T]?: ApiPropertyOptions };

/** Describes fields for the API's documentation that a command class of the domain validates but does not document. */
export function documented<T extends object>(type: new () => T, fields: Fields<T>): void {
  for (const [name, options] of Object.entries(fields) as [string, ApiPropertyOptions][]) {
    ApiProperty(options)(type.prototype as object, name);
  }
}
