/** What services need of a logger; pino's has it. Nothing secret and no stranger's text is ever given to it. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
