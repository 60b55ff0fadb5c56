import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiExtraModels, ApiProperty, ApiPropertyOptional, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import type { Recorded } from './desk.ts';

/** As much of a reply as an answer to a command needs. */
export interface StatusReply {
  status(code: number): unknown;
}

/** Sets 201 for something new and 200 for a repeat, and gives the answer. */
export function answerOf<Answer>({ created, answer }: Recorded<Answer>, reply: StatusReply): Answer {
  reply.status(created ? 201 : 200);
  return answer;
}

class WrongField {
  @ApiProperty({ example: 'mcc' }) path!: string;
  @ApiProperty({ example: 'mcc must be 4 digits' }) wrong!: string;
}

class ProblemJson {
  @ApiProperty({ example: 'urn:tillstream:problem:already-registered' }) type!: string;
  @ApiProperty() title!: string;
  @ApiProperty() status!: number;
  @ApiProperty({ description: 'Stable word for programs', example: 'already-registered' }) code!: string;
  @ApiPropertyOptional() detail?: string;
  @ApiPropertyOptional({ type: [WrongField] }) fields?: WrongField[];
}

const problem = (status: number, description: string) =>
  ApiResponse({
    status,
    description,
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemJson' } } },
  });

/** What every controller of this service says about itself. */
export const apiOf = (tag: string) =>
  applyDecorators(ApiTags(tag), ApiBearerAuth(), ApiExtraModels(ProblemJson), problem(401, 'The token is missing'));

/** Documents a command: 201 when it said something new, 200 for the same again, and its refusals. */
export const answersOnce = (type: new () => object) =>
  applyDecorators(
    ApiResponse({ status: 201, type, description: 'Stored' }),
    ApiResponse({ status: 200, type, description: 'The same was stored before; the same answer' }),
    problem(404, 'Not registered'),
    problem(409, 'Against what is stored; nothing was stored'),
    problem(422, 'A field is wrong; nothing was stored'),
    problem(503, 'Too many commands wait'),
  );

/** Documents an answer to a question about one thing. */
export const answersOne = (type: new () => object) =>
  applyDecorators(ApiResponse({ status: 200, type }), problem(404, 'Not registered'));

/** Why a standing changes; stays on record. */
export class Reason {
  @ApiProperty({ minLength: 1, maxLength: 200, example: 'dormant for three months' })
  @IsString()
  @Length(1, 200)
  reason!: string;
}

/** Which part of a list. */
export class Paging {
  @ApiPropertyOptional({ description: 'next of the page before' })
  @IsOptional()
  @Matches(/^[a-z]+-[A-Za-z0-9.-]{1,60}$/, { message: 'after must be next of the page before' })
  after?: string;

  @ApiPropertyOptional({ minimum: 1, maximum: 500, default: 100 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit?: number;
}
