import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { withSession } from '../../src/db/session.ts'
import { readReport } from '../../src/reconciliation/report/read-report.ts'
import { renderHtml } from '../../src/reconciliation/report/html.ts'
import { openReportScene, nameStatement, NEXT_DAY, type ReportScene } from '../support/report-scene.ts'
import { runCommand } from '../support/command.ts'

let scene: ReportScene
beforeAll(async () => {
  scene = await openReportScene()
})
afterAll(async () => {
  await scene?.close()
})
it('prints', async () => {
  await nameStatement(scene, { source: 'bank <b>', fileName: 'february-of-the-gateway-with-a-long-name-2026.csv', period: NEXT_DAY })
  const report = await withSession(scene.databaseUrl, (session) => readReport(session, null))
  writeFileSync('/tmp/report.html', renderHtml(report))
  writeFileSync('/tmp/report.json', JSON.stringify(report))
  const ended = await runCommand(['recon', 'report'], { env: { DATABASE_URL: scene.databaseUrl } })
  console.log(ended.out, ended.err)
  expect(ended.code).toBe(0)
})
