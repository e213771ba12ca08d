/** The approved holidays. */
export interface HolidayCalendar {
  /** The request that approved the newest of them; it grows with every change. 0: none was ever approved. */
  readonly version: number
  /** The name of each holiday, by its day such as `2026-03-19`. */
  readonly names: ReadonlyMap<string, string>
}

/** A day that is no business day, besides Saturdays and Sundays. */
export interface Holiday {
  /** `2026-03-19` */
  readonly day: string
  readonly name: string
  /** Where it is from, such as the decree; null when the file does not say. */
  readonly source: string | null
}
