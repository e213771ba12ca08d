/** All tables of reconciliation. */
export * from './breaks-schema.ts'
export * from './doubts-schema.ts'
export * from './proposals-schema.ts'
export * from './runs-schema.ts'
export * from './statements/schema.ts'
export * from './views-schema.ts'
