// One piece of work in a process of its own. Reports its time and the peak of its memory.
import { peakMiB, timed } from '../measure.mjs'
import { WORK } from './work.mjs'

const { work, place } = JSON.parse(process.argv[2])
const { seconds, result: rest } = await timed(() => WORK[work](place))
process.send({ seconds, peakMiB: peakMiB() }, async () => {
  if (typeof rest === 'function') await rest()
  process.exit()
})
