import { z } from 'zod'
import { open } from './json-schema.ts'
import { PROBLEMS, type ProblemCode } from './problems.ts'

const fieldProblem = z
  .strictObject({
    field: z.string().describe('the field, such as limit.max_fee'),
    problem: z.string().describe('what it must be'),
  })
  .meta({ id: 'FieldProblem', description: 'What is wrong with a field' })

/** A bad row of a file, in a problem and in a report. */
export const badRow = z
  .strictObject({
    row: z.int().min(1).describe('the number of the row, from 1'),
    line: z.int().min(1).describe('the line of the file on which the row begins'),
    column: z.string().nullable().describe('null for the row as a whole'),
    value: z.string().describe('what the file has there, masked'),
    expected: z.string().describe('what it should be'),
  })
  .meta({ id: 'BadRow', description: 'A row of a file that cannot be read' })

const CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]

/** An RFC 9457 document. */
export const problemSchema = z
  .strictObject({
    type: z
      .string()
      .regex(/^urn:goldpro:problem:[a-z_]+$/)
      .describe('the code as a URN'),
    title: z.string().describe('the code in words'),
    status: z.int().min(400).max(599).describe('the HTTP status'),
    code: open(z.enum(CODES), 'what went wrong, for programs'),
    detail: z.string().describe('what is wrong with this request').optional(),
    errors: z.array(fieldProblem).describe('every problem of the fields').optional(),
    differs: z.array(z.string()).describe('the fields that differ from what is stored').optional(),
    problems: z.array(badRow).describe('the first bad rows of a file').optional(),
  })
  .meta({ id: 'Problem', description: 'Why a request was not done (RFC 9457)' })
