import { Argument } from 'commander'
import { parsedBy } from '../../cli/options.ts'
import { readScope, SCOPE_EXPECTED } from '../scope.ts'

/** `<scope>`: what a switch holds. */
export const scopeArgument = () =>
  new Argument('<scope>', SCOPE_EXPECTED).argParser(parsedBy(readScope, SCOPE_EXPECTED))
