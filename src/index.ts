/** The producer library: what a partner's program imports. */
export { InvalidOrderError } from './orders/submission.ts'
export type {
  BuyRequest,
  OrderRequest,
  SellRequest,
  TransferRequest,
  WithdrawRequest,
} from './queue/order-request.ts'
export { createProducer, type Producer, type ProducerOptions } from './queue/producer.ts'
