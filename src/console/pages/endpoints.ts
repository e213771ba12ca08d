import { html, type Markup } from '../../core/html.ts'
import { shownUrl } from '../../webhooks/endpoint-url.ts'
import { type Endpoint, listEndpoints } from '../../webhooks/endpoints.ts'
import { commandForm } from '../html/forms.ts'
import {
  badge,
  countOf,
  EMPTY,
  empty,
  facts,
  joined,
  link,
  safeText,
  section,
  timeTag,
} from '../html/parts.ts'
import { ADMINISTRATES, type Call, MAKES_SAFER, PROPOSES } from '../route.ts'
import { hashOf, type Shown, seenOf } from '../stale.ts'
import { type Texts, wordOf } from '../texts/texts.ts'
import { placeOf } from './partners.ts'

/** What of an endpoint a person saw. */
export const shownOfEndpoint = ({ state, givenUp, stateSince, url, kinds }: Endpoint): Shown => ({
  state,
  since: stateSince,
  givenUp,
  // An address may hold a password, which no page shows: a hash of it, and of what is sent there.
  content: hashOf([url, kinds]),
})

/** Where a partner's events go, and what may be done about it. */
export async function endpointSection(call: Call, partner: string): Promise<Markup> {
  const { database, texts } = call
  const endpoints = await listEndpoints(database, { partner, removedToo: false })
  const list =
    endpoints.length === 0
      ? empty(texts('order.no_webhooks'))
      : joined(endpoints.map((each) => card(call, each)))
  return section(texts('order.webhooks'), list, 'endpoints')
}

function card(call: Call, endpoint: Endpoint): Markup {
  const { texts } = call
  const { id, partner, url, failingSince, pending, givenUp, kinds, note, deliveredAt } = endpoint
  const failing =
    failingSince === null
      ? EMPTY
      : html` ${badge('failing', texts('partners.failing'))} ${timeTag(failingSince, texts)}`
  const place = `${placeOf(partner)}/deliveries?endpoint=${id}`
  return html`<article class="card" id="endpoint-${id}"><h3>${safeText(shownUrl(url))}</h3>${facts([
    [texts('col.state'), html`${badge(endpoint.state, wordOf(texts, 'endpoint', endpoint.state))}${failing}`],
    ...(endpoint.pausedBecause === null
      ? []
      : ([
          [
            texts('col.reason'),
            `${wordOf(texts, 'paused', endpoint.pausedBecause)}${note === null ? '' : `: ${safeText(note)}`}`,
          ],
        ] as const)),
    [texts('col.what'), kinds.join(', ')],
    [texts('partners.pending'), link(`${place}&state=pending`, countOf(pending))],
    [texts('partners.given_up'), link(`${place}&state=given_up`, countOf(givenUp))],
    [texts('partners.delivered'), timeTag(deliveredAt, texts)],
  ])}${commands(call, endpoint, texts)}</article>`
}

function commands(call: Call, endpoint: Endpoint, texts: Texts): Markup {
  const { id, partner, state, givenUp } = endpoint
  const moves = [
    { name: 'pause', isThere: state === 'active', roles: MAKES_SAFER },
    { name: 'resume', isThere: state === 'paused', roles: ADMINISTRATES },
    { name: 'replay', isThere: givenUp > 0, roles: PROPOSES },
  ] as const
  const forms = moves
    .filter(({ isThere, roles }) => isThere && call.may(...roles))
    .map(({ name }) =>
      commandForm({
        id: `${name}-${id}`,
        action: `${placeOf(partner)}/endpoints/${id}/${name}`,
        title: texts(`endpoints.${name}`),
        explains: texts(`endpoints.${name}.what`),
        seen: seenOf(shownOfEndpoint(endpoint)),
        ...(name === 'pause' ? { note: texts('note') } : {}),
        button: texts(`endpoints.${name}`),
      }),
    )
  return forms.length === 0 ? EMPTY : html`<div class="commands">${forms}</div>`
}
