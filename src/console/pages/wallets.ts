import { html, type Markup } from '../../core/html.ts'
import { maskPhoneNumber } from '../../core/masking.ts'
import { readWalletPolicy } from '../../wallets/policy.ts'
import { listWallets } from '../../wallets/queries.ts'
import { commandForm, input } from '../html/forms.ts'
import { badge, columnsOf, countOf, EMPTY, empty, link, safeText, table, timeTag } from '../html/parts.ts'
import { type Answer, type Call, MAKES_SAFER, PROPOSES, page } from '../route.ts'
import { type Texts, wordOf } from '../texts/texts.ts'
import { readPartnerView } from './partner.ts'
import { placeOf } from './partners.ts'

const PAGE_SIZE = 100

/** The wallets of a partner, masked, with the commands that link and unlink one. */
export async function walletsPage(call: Call, problem?: string): Promise<Answer> {
  const { database, texts, query } = call
  const { name } = await readPartnerView(call)
  const skip = Number(/^\d{1,7}$/.exec(query.get('skip') ?? '')?.[0] ?? 0)
  const rows = await listWallets(database, {
    partner: name,
    phoneNumber: null,
    state: null,
    limit: PAGE_SIZE,
    skip,
  })
  const total = rows[0]?.total ?? 0
  const policy = await readWalletPolicy(database)
  const cells = rows.map((row) => [
    maskPhoneNumber(row.phoneNumber),
    badge(row.state === 'linked' ? 'active' : 'removed', wordOf(texts, 'wallet', row.state)),
    wordOf(texts, 'origin', row.origin),
    timeTag(row.since, texts),
    safeText(row.actor),
    safeText(row.note ?? ''),
  ])
  const title = texts('partners.own_wallets')
  const columns = columnsOf(texts, [
    'col.wallet',
    'col.state',
    'wallets.origin',
    'wallets.since',
    'col.who',
    'col.note',
  ])
  return page({
    title: `${name}: ${title}`,
    ...(problem === undefined ? {} : { problem, status: 409 }),
    main: html`<p class="tools">${link(placeOf(name), name)}</p>
<p>${texts('wallets.count', { n: countOf(total) })} ${texts('wallets.policy')}: ${wordOf(texts, 'policy', policy)}</p>
${commands(call, name)}${rows.length === 0 ? empty(texts('wallets.none')) : table(title, columns, cells)}
${skip + rows.length < total ? html`<p class="pager"><a rel="next" href="${placeOf(name)}/wallets?skip=${skip + PAGE_SIZE}">${texts('page.next')}</a></p>` : EMPTY}`,
  })
}

function commands(call: Call, partner: string): Markup {
  const { texts } = call
  const forms = [
    ...(call.may(...PROPOSES) ? [walletForm('link', partner, texts)] : []),
    ...(call.may(...MAKES_SAFER) ? [walletForm('unlink', partner, texts)] : []),
  ]
  return forms.length === 0 ? EMPTY : html`<div class="commands">${forms}</div>`
}

function walletForm(name: 'link' | 'unlink', partner: string, texts: Texts): Markup {
  return commandForm({
    id: name,
    action: `${placeOf(partner)}/wallets/${name}`,
    title: texts(`wallets.${name}`),
    explains: texts(`wallets.${name}.what`),
    fields: input({
      id: `${name}-wallet`,
      name: 'wallet',
      label: texts('col.wallet'),
      type: 'tel',
      autocomplete: 'off',
      hint: texts('wallets.typed'),
      isRequired: true,
    }),
    note: texts('note'),
    button: texts(`wallets.${name}`),
    isDangerous: name === 'unlink',
  })
}
