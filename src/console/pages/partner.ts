import { html, type Markup } from '../../core/html.ts'
import { listKeys } from '../../partners/store/keys.ts'
import { listPartners, type PartnerRow } from '../../partners/store/partners.ts'
import { readUsage } from '../../partners/store/usage.ts'
import { commandForm } from '../html/forms.ts'
import {
  badge,
  code,
  columnsOf,
  countOf,
  EMPTY,
  empty,
  facts,
  link,
  rupiahOf,
  safeText,
  section,
  table,
  timeTag,
} from '../html/parts.ts'
import { ConsoleProblem } from '../http/problem-pages.ts'
import { ADMINISTRATES, type Answer, type Call, MAKES_SAFER, page } from '../route.ts'
import { type Shown, seenOf } from '../stale.ts'
import { type Texts, wordOf } from '../texts/texts.ts'
import { endpointSection } from './endpoints.ts'
import { limitOf, moneyLimit, placeOf } from './partners.ts'

/** The partner of a page. @throws ConsoleProblem when there is none */
export async function readPartnerView({ database, params }: Call): Promise<PartnerRow> {
  const [partner] = await listPartners(database, params.name ?? '')
  if (partner === undefined) throw new ConsoleProblem('not_found')
  return partner
}

/** One partner: its limits and their use, its keys, wallets and webhooks. */
export async function partnerPage(call: Call, problem?: string): Promise<Answer> {
  const { texts } = call
  const partner = await readPartnerView(call)
  const place = placeOf(partner.name)
  return page({
    title: partner.name,
    isLive: problem === undefined,
    ...(problem === undefined ? {} : { problem, status: 409 }),
    main: html`${factsOf(partner, texts)}
<p class="tools">${link(`/orders?partner=${encodeURIComponent(partner.name)}`, texts('nav.orders'))} ${link(`${place}/wallets`, texts('partners.own_wallets'))} ${link(`${place}/deliveries`, texts('partners.deliveries'))}</p>
${commands(call, partner)}${await limits(call, partner)}${await keys(call, partner.name)}${await endpointSection(call, partner.name)}`,
  })
}

function factsOf(partner: PartnerRow, texts: Texts): Markup {
  return facts([
    [texts('col.state'), badge(partner.state, wordOf(texts, 'partner', partner.state))],
    [
      texts('col.kind'),
      partner.kinds?.map((kind) => wordOf(texts, 'kind', kind)).join(', ') ?? texts('filter.any'),
    ],
    [texts('partners.addresses'), partner.addresses?.join(', ') ?? texts('filter.any')],
    [texts('col.created'), timeTag(partner.createdAt, texts)],
  ])
}

/** What of a partner a person saw: also what it may do, which counts where it is accepted again. */
export const shownOfPartner = (partner: PartnerRow): Shown => {
  const { state, kinds, addresses, ordersPerMinute, rupiahPerOrder, rupiahPerDay, walletsPerDay } = partner
  const limits = [ordersPerMinute, rupiahPerOrder, rupiahPerDay, walletsPerDay]
  return { state, limits: limits.map((limit) => limit?.toString() ?? '–').join(', '), kinds, addresses }
}

function commands(call: Call, partner: PartnerRow): Markup {
  const { texts } = call
  const { name, state } = partner
  const moves = [
    { move: 'suspend', from: 'active', roles: MAKES_SAFER },
    { move: 'resume', from: 'suspended', roles: ADMINISTRATES },
  ] as const
  const forms = moves
    .filter(({ from, roles }) => from === state && call.may(...roles))
    .map(({ move }) =>
      commandForm({
        id: move,
        action: `${placeOf(name)}/${move}`,
        title: texts(`partners.${move}`),
        explains: texts(`partners.${move}.what`),
        seen: seenOf(shownOfPartner(partner)),
        button: texts(`partners.${move}`),
        isDangerous: move === 'suspend',
      }),
    )
  return forms.length === 0 ? EMPTY : html`<div class="commands">${forms}</div>`
}

async function limits({ database, texts }: Call, partner: PartnerRow): Promise<Markup> {
  const used = await readUsage(database, partner.name)
  const { ordersPerMinute, rupiahPerOrder, rupiahPerDay, walletsPerDay } = partner
  // Postgres counts only what a limit asks for.
  const usedOf = (limit: unknown, figure: string) => (limit === null ? texts('partners.not_counted') : figure)
  const rows = [
    [
      texts('partners.per_minute'),
      limitOf(ordersPerMinute, texts),
      usedOf(ordersPerMinute, countOf(used.orders)),
    ],
    [
      texts('partners.per_day'),
      moneyLimit(rupiahPerDay, texts),
      usedOf(rupiahPerDay, rupiahOf(String(used.rupiah))),
    ],
    [texts('partners.wallets'), limitOf(walletsPerDay, texts), usedOf(walletsPerDay, countOf(used.wallets))],
    [texts('partners.per_order'), moneyLimit(rupiahPerOrder, texts), ''],
  ]
  const title = texts('partners.limits')
  return section(
    title,
    table(title, columnsOf(texts, ['col.what', 'col.limit', 'partners.used'], [1, 2]), rows),
  )
}

async function keys({ database, texts }: Call, partner: string): Promise<Markup> {
  const rows = (await listKeys(database, partner)).map((key) => [
    code(`gp_${key.prefix}`),
    safeText(key.holder),
    html`${key.scopes.join(', ')}${key.isSigned ? html` <small>${texts('partners.signed')}</small>` : EMPTY}`,
    timeTag(key.createdAt, texts),
    html`${badge(key.isValid ? 'active' : 'removed', texts(key.isValid ? 'partners.valid' : 'partners.invalid'))}${key.expiresAt === null ? EMPTY : html` <small>${texts('partners.until')} ${timeTag(key.expiresAt, texts)}</small>`}`,
  ])
  const title = texts('partners.keys')
  const columns = columnsOf(texts, ['col.prefix', 'col.owner', 'col.scopes', 'col.created', 'col.state'])
  return section(title, rows.length === 0 ? empty(texts('partners.no_keys')) : table(title, columns, rows))
}
