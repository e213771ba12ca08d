import { afterAll, beforeAll, expect, it } from 'vitest'
import { withSession } from '../../src/db/session.ts'
import { readReport } from '../../src/reconciliation/report/read-report.ts'
import { renderCsv } from '../../src/reconciliation/report/csv.ts'
import { openReportScene, type ReportScene } from '../support/report-scene.ts'

let scene: ReportScene
beforeAll(async () => {
  scene = await openReportScene()
})
afterAll(async () => {
  await scene?.close()
})
it('prints', async () => {
  const report = await withSession(scene.databaseUrl, (session) => readReport(session, null))
  console.log(JSON.stringify(report, null, 1))
  console.log(renderCsv(report))
  expect(1).toBe(1)
})
