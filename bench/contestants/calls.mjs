// The two calls of an order, by each HTTP client, without anything that keeps an order safe.
import { Agent } from 'node:http'
import axios from 'axios'
import { Pool } from 'undici'

function byUndici(gatewayUrl, connections, { reset }) {
  const pool = new Pool(gatewayUrl, { connections })
  return async (path, body) => {
    const reply = await pool.request({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      reset,
    })
    return await reply.body.json()
  }
}

function byAxios(gatewayUrl) {
  const instance = axios.create({
    baseURL: gatewayUrl,
    adapter: 'http',
    httpAgent: new Agent({ keepAlive: true }),
    proxy: false,
    maxRedirects: 0,
  })
  return async (path, body) => (await instance.post(path, body)).data
}

const CLIENTS = {
  undici(gatewayUrl, connections) {
    const post = byUndici(gatewayUrl, connections, { reset: false })
    return { checkout: post, confirm: post }
  },
  axios(gatewayUrl) {
    const post = byAxios(gatewayUrl)
    return { checkout: post, confirm: post }
  },
  /** Checkouts share connections; each confirm has one of its own, as the product's has. */
  fresh: (gatewayUrl, connections) => ({
    checkout: byUndici(gatewayUrl, connections, { reset: false }),
    confirm: byUndici(gatewayUrl, connections, { reset: true }),
  }),
}

const ORDER = { phone_number: '081234500001', gold_weight: 0.5 }

/** @returns the ids of what each of the two calls of an order replied */
export function openCalls(client, { gatewayUrl, concurrency }) {
  const { checkout, confirm } = CLIENTS[client](gatewayUrl, concurrency)
  return {
    checkout: async () => (await checkout('/v2/gold-pro/checkout/gram', ORDER)).data.response_id,
    confirm: async (quoteId) =>
      (await confirm('/v2/gold-pro/purchase/gram', { ...ORDER, request_id: quoteId })).data.session_id,
  }
}
