const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** Reads a day as the gateway's chart writes it, `09 Feb 2021`, into `2021-02-09`; null when it is none. */
export function dayOfChart(date: string): string | null {
  // The document breaks lines inside its dates.
  const [, day = '', name = '', year = ''] = /^(\d{2})\s+([A-Za-z]{3})\s+(20\d{2})$/.exec(date.trim()) ?? []
  const month = MONTHS.indexOf(name.toLowerCase()) + 1
  const written = `${year}-${String(month).padStart(2, '0')}-${day}`
  const moment = new Date(`${written}T00:00:00Z`)
  const exists = !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(written)
  return exists ? written : null
}
