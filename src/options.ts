// `shardns/options`: what a plugin's table of options is made of.

export type { CorefileError as OptionError } from './corefile/diagnostics/diagnostic.ts'
export type { Directive } from './corefile/options/directive.ts'
export {
  argument,
  argumentFacts,
  argumentsOf,
  derived,
  flag,
  type Line,
  list,
  type OptionFacts,
  option,
  optionFacts,
  otherLines,
  type Row,
  requiredArgument,
  withoutEffect,
  words,
  zoneList,
  zonesArgument,
} from './corefile/options/option-rows.ts'
export {
  eachOccurrence,
  finishedTable,
  noOptions,
  OptionReader,
  type OptionTable,
  optionTable,
  type Repetition,
  type Rows,
  type TableSpec,
} from './corefile/options/option-table.ts'
export {
  Argument,
  checked,
  type Draft,
  decimal,
  duration,
  integer,
  ipAddress,
  listenAddress,
  type NumberOptions,
  oneOf,
  parsed,
  text,
  ttl,
  underRoot,
  unsigned32,
  type Value,
  zones,
} from './corefile/options/values.ts'
