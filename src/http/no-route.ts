import { Problem } from './problems.ts'
import type { AnyRoute } from './route.ts'

/** The problem of a request that matches no route: an unknown path, or a method that the path does not accept. */
export function noRoute(routes: readonly AnyRoute[], { url }: { readonly url: string }): Problem {
  const [path = ''] = url.split('?')
  const allowed = methodsOf(routes, path)
  if (allowed.length === 0)
    return new Problem('not_found', { detail: 'there is no such route: /docs lists them' })
  return new Problem('method_not_allowed', {
    detail: `this path accepts ${allowed.join(', ')}`,
    headers: { allow: allowed.join(', ') },
  })
}

/** HEAD is answered wherever GET is. */
function methodsOf(routes: readonly AnyRoute[], path: string): string[] {
  const methods = routes.filter((row) => patternOf(row).test(path)).map(({ method }) => method)
  return [...new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))].sort()
}

function patternOf({ path }: AnyRoute): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`)
}
