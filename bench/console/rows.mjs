// The orders that the bench invents, as the FROM clause of what stores them: $1 and $2 bound a block, $3 counts them all.

/** Two wallets in a thousand orders are one busy wallet's; partners are 40, of which the first has half of all. */
export const ROWS = `
  generate_series($1::int, $2::int) AS i,
  LATERAL (SELECT now() - interval '180 days' * i / $3::int AS at) AS t,
  LATERAL (SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5('o' || i), 1, 3)
    || '8' || substr(md5('o' || i), 5, 15))::uuid AS id,
    CASE WHEN i % 500 = 0 THEN '081299999999' ELSE '0812' || lpad((i % 200000)::text, 8, '0') END AS wallet,
    CASE WHEN i % 2 = 0 THEN 'p01' ELSE 'p' || lpad((2 + i % 39)::text, 2, '0') END AS partner,
    CASE WHEN i % 20 = 7 THEN 'sell' WHEN i % 50 = 11 THEN 'transfer' ELSE 'buy' END AS kind,
    CASE WHEN i <= 2000 THEN CASE i % 4 WHEN 0 THEN 'in_doubt' WHEN 1 THEN 'held' ELSE 'accepted' END
      WHEN i % 5000 = 1 THEN 'in_doubt'
      WHEN i % 25 = 3 THEN 'rejected' WHEN i % 200 = 5 THEN 'expired' WHEN i % 1000 = 13 THEN 'cancelled'
      ELSE 'succeeded' END AS state,
    400000 + i % 90000 AS amount) AS o`
