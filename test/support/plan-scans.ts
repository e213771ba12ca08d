/** A node of a plan that EXPLAIN prints as JSON. */
export interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly PlanNode[]
}

/** What a condition on an index must name: a key, or what tells an execution. */
const KEYS = /\b(id|order_id|partner|reference|session_id|response_id)\b/

/** Indexes whose key is a wallet and that have what is open of it, in order. */
const OF_LANES = new Set(['orders_lane', 'orders_lane_stopped', 'attempts_one_in_flight_per_wallet'])

/** Whether an index finds its rows by a key: by an order's, or by the wallet of a lane. */
const isByKey = ({ 'Index Cond': condition = '', 'Index Name': index = '' }: PlanNode) =>
  KEYS.test(condition) || (OF_LANES.has(index) && /\bphone_number\b/.test(condition))

/** Every node that reads orders or attempts and does not reach its rows by a key. */
export function scansIn(node: PlanNode, heap: string | undefined = undefined): string[] {
  const type = node['Node Type']
  // A scan of an index into a bitmap is of the table whose heap the bitmap is for, however many it is joined with.
  const relation = type === 'Bitmap Index Scan' ? heap : node['Relation Name']
  const inner = (node.Plans ?? []).flatMap((each) => scansIn(each, relation ?? heap))
  const isRead = type !== 'ModifyTable' && (relation === 'orders' || relation === 'attempts')
  // A bitmap's heap is reached by the index below it, which is looked at by itself.
  if (!isRead || type === 'Bitmap Heap Scan') return inner
  return isByKey(node) ? inner : [...inner, `${type} of ${relation} ${node['Index Name'] ?? ''}`]
}
