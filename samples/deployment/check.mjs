// Checks the manifests against the schemas of Kubernetes and KEDA, and what belongs together in them.
import { readFileSync, readdirSync } from 'node:fs'
import { parseAllDocuments, parse } from 'yaml'

const capital = (text) => text[0].toUpperCase() + text.slice(1)
const schema = async ({ apiVersion, kind }) => {
  const [version, group = 'core'] = apiVersion.split('/').reverse()
  const path = group.endsWith('keda.sh')
    ? `@kubernetes-models/keda/_schemas/${group.split('.').map(capital).join('')}`
    : `kubernetes-models/_schemas/IoK8sApi${capital(group.split('.')[0])}`
  const module = await import(new URL(`node_modules/${path}${capital(version)}${kind}.js`, import.meta.url))
  return module.validate ?? module.default.validate
}
const objects = []
const failures = []

// The schemas allow unknown fields. But a validator asks an object for each field that it knows, or for all of them.
function unknownFields(object, validate) {
  const looks = []
  const watched = (value, path) => {
    if (value === null || typeof value !== 'object') return value
    const copy = Array.isArray(value) ? [] : {}
    const asked = new Set()
    for (const key of Object.keys(value)) copy[key] = watched(value[key], `${path}.${key}`)
    const all = () => Array.isArray(value) || asked.has('*')
    looks.push(() => (all() ? [] : Object.keys(value).filter((key) => !asked.has(key)).map((key) => `${path}.${key}`)))
    return new Proxy(copy, {
      get: (target, key) => (asked.add(key), target[key]),
      ownKeys: (target) => (asked.add('*'), Reflect.ownKeys(target)),
    })
  }
  validate(watched(object, object.kind))
  return looks.flatMap((look) => look())
}

for (const file of readdirSync(new URL('kubernetes', import.meta.url)).sort()) {
  const text = readFileSync(new URL(`kubernetes/${file}`, import.meta.url), 'utf8')
  for (const document of parseAllDocuments(text, { prettyErrors: true })) {
    document.errors.forEach((error) => failures.push(`${file}: ${error.message}`))
    const object = document.toJS({ merge: true })
    objects.push(object)
    const validate = await schema(object)
    const problems = validate(object)
      ? unknownFields(object, validate).map((field) => `there is no field ${field}`)
      : validate.errors.map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)
    problems.forEach((problem) => failures.push(`${file}: ${object.kind} ${object.metadata.name}: ${problem}`))
    console.log(`${file}: ${object.kind} ${object.metadata.name} has ${problems.length} problems`)
  }
}

const check = (holds, text) => holds || failures.push(text)
const of = (kind) => objects.find((object) => object.kind === kind)
const pod = of('Deployment').spec.template
const container = pod.spec.containers[0]
const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]))
const trigger = of('ScaledObject').spec.triggers[0].metadata
const CLOSE_TIMEOUT = 5

check(
  pod.spec.terminationGracePeriodSeconds > Number(env.DRAIN_SECONDS) + CLOSE_TIMEOUT,
  'terminationGracePeriodSeconds is not longer than the drain and the close timeout',
)
check(of('ScaledObject').spec.scaleTargetRef.name === of('Deployment').metadata.name, 'the ScaledObject has another target')
check(trigger.consumerGroup === env.GROUP && trigger.topic === env.TOPIC, 'the trigger watches another group or topic')
for (const kind of ['Service', 'PodDisruptionBudget']) {
  const selector = of(kind).spec.selector.matchLabels ?? of(kind).spec.selector
  check(Object.entries(selector).every(([name, value]) => pod.metadata.labels[name] === value), `the ${kind} selects no pod`)
}
for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
  check(container.ports.some(({ name }) => name === container[probe].httpGet.port), `the ${probe} asks a port that is not there`)
}

const compose = parse(readFileSync(new URL('compose.yaml', import.meta.url), 'utf8'), { merge: true })
for (const [name, service] of Object.entries(compose.services)) {
  Object.keys(service.depends_on ?? {}).forEach((other) => check(other in compose.services, `compose: ${name} waits for ${other}`))
  if (service.image === container.image) {
    check(parseInt(service.stop_grace_period) > Number(service.environment.DRAIN_SECONDS) + CLOSE_TIMEOUT, `compose: ${name} is killed before its drain ends`)
  }
}

failures.forEach((failure) => console.error(failure))
process.exit(failures.length === 0 ? 0 : 1)
