// The contract for log lines: textual levels as prefixes on stdout, no timestamps, as CoreDNS
// prints them.

/**
 * Lines are single lines: control characters and bytes outside ASCII in `text` are escaped by the
 * sink, so client data is safe.
 */
export interface Logger {
  /** Printed only while some block has `debug`. */
  debug(text: string): void
  info(text: string): void
  warning(text: string): void
  error(text: string): void
}

export type LogLevel = keyof Logger

/** Where whole lines go, with level and prefix already in them. */
export interface LineSink {
  /** One line, without its end. */
  raw(line: string): void
  /**
   * Whole lines of printable ASCII with their ends, the first `length` bytes; they are copied. For
   * lines that are made as bytes.
   */
  rawBytes(bytes: Uint8Array, length: number): void
}
