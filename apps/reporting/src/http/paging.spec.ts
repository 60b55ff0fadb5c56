import { Problem } from '@tillstream/service-kit';
import { cursorOf, placeOf, POSITION_PLACE } from './paging.ts';

const cursor = (place: string): string | undefined => cursorOf(place) ?? undefined;

describe('a cursor that is a position', () => {
  it('is given back as the place where the page ended', () => {
    expect(placeOf(cursor('9007199254740993'), POSITION_PLACE)).toBe('9007199254740993');
  });
  it('that no bigint of the database can hold is refused, not handed to it', () => {
    expect(() => placeOf(cursor('9'.repeat(19)), POSITION_PLACE)).toThrow(Problem);
  });
});
