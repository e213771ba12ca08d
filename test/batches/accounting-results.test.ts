import { describe, expect, it } from 'vitest'
import { accountingRowOf } from '../../src/batches/accounting-results.ts'
import { writeResults } from '../../src/batches/results.ts'
import { openPlanScene } from '../support/scenes/plan-scene.ts'

describe('results for bookkeeping', () => {
  it('have each figure in plain and in Indonesian digits, and the day in Jakarta', () => {
    const row = {
      gold_weight: '1234.5000',
      amount: '1234567',
      fee: '0',
      settled_at: new Date('2026-02-25T18:30:00Z'),
    }
    expect(accountingRowOf(row)).toMatchObject({
      ...{ date: '2026-02-26', time: '01:30:00' },
      ...{ grams: '1234.5000', gram_indonesia: '1.234,5000' },
      ...{ rupiah: '1234567', rupiah_indonesia: '1.234.567,00' },
      ...{ fee: '0', biaya_indonesia: '0,00' },
    })
  })

  it('have no figures where nothing was executed', () => {
    const row = { gold_weight: null, amount: null, fee: null, settled_at: null }
    const { date, time, grams, gram_indonesia, rupiah, rupiah_indonesia, fee, biaya_indonesia } =
      accountingRowOf(row)
    for (const cell of [date, time, grams, gram_indonesia, rupiah, rupiah_indonesia, fee, biaya_indonesia])
      expect(cell).toBeNull()
  })

  it('are one line a row without totals, with nothing in them that a spreadsheet runs', async () => {
    const scene = await openPlanScene()
    try {
      const file =
        'kind,partner,reference,phone_number,gold_weight\nbuy,acme,=1+1,081600000001,0.5\nbuy,acme,A-2,081600000002,0.5\n'
      const batchId = await scene.batch(file)
      const parts: string[] = []
      await scene.session((session) =>
        writeResults(session, batchId, async (text) => void parts.push(text), 'accounting'),
      )
      const csv = parts.join('')
      const [header, first, second, ...more] = csv.trim().split('\n')
      expect(header).toBe(
        'row,date,time,partner,reference,kind,outcome,reason,order_id,session_id,grams,gram_indonesia,rupiah,rupiah_indonesia,fee,biaya_indonesia',
      )
      expect(first).toMatch(/^1,,,acme,'=1\+1,buy,waiting,/)
      expect(second).toMatch(/^2,,,acme,A-2,/)
      expect(more).toEqual([])
      expect(csv).not.toMatch(/0816\d{8}/)
    } finally {
      await scene.close()
    }
  })
})
