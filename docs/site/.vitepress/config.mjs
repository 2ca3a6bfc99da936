import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

// The pages are the documents of the repository, where they are: this folder holds only the frame around them.
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

const title = (page) => readFileSync(join(root, page), 'utf8').match(/^# (.*)$/m)?.[1] ?? page
const page = (path, text = title(path)) => ({ text, link: '/' + path.replace(/README\.md$/, '').replace(/\.md$/, '') })
const pages = (folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .sort()
    .map((name) => page(`${folder}/${name}`))

const sidebar = [
  {
    text: 'Start',
    items: [
      page('docs/getting-started.md'),
      page('docs/concepts.md'),
      page('docs/choosing.md'),
      page('docs/guarantees.md'),
      page('samples/README.md', 'Samples'),
    ],
  },
  {
    text: 'Pipelines and channels',
    items: [
      page('docs/pipelines.md'),
      page('docs/operators.md'),
      page('docs/pipeline-meters.md'),
      { ...page('docs/from-go.md'), collapsed: true, items: pages('docs/from-go') },
    ],
  },
  {
    text: 'Kafka',
    items: [...pages('docs').filter(({ link }) => link.startsWith('/docs/kafka-')), page('docs/share-groups.md')],
  },
  {
    text: 'Moving here',
    items: pages('docs').filter(({ link }) => /^\/docs\/from-(?!go)/.test(link)),
  },
  {
    text: 'In production',
    items: ['deployment', 'spring-boot', 'micronaut', 'security', 'logging', 'troubleshooting']
      .map((name) => `docs/${name}.md`)
      .filter((path) => existsSync(join(root, path)))
      .map((path) => page(path)),
  },
  {
    text: 'Trust',
    items: [
      page('docs/testing.md'),
      page('docs/testing-pipelines.md'),
      page('docs/testing-your-consumer.md'),
      page('docs/reliability.md'),
      page('docs/verification.md'),
      page('docs/soak.md'),
      { ...page('docs/benchmarks/README.md', 'Benchmarks'), collapsed: true, items: pages('docs/benchmarks') },
    ],
  },
  {
    text: 'Project',
    items: [
      page('docs/glossary.md'),
      page('docs/reading-the-code.md'),
      page('docs/dependencies.md'),
      page('docs/versioning.md'),
      page('CHANGELOG.md'),
      page('CONTRIBUTING.md'),
      page('docs/style.md'),
      page('SECURITY.md'),
      { ...page('docs/decisions/README.md', 'Decisions'), collapsed: true, items: pages('docs/decisions') },
    ],
  },
]

// A document that no group names is still found.
const listed = new Set()
const list = (item) => {
  listed.add(item.link)
  item.items?.forEach(list)
}
sidebar.forEach(list)
const others = pages('docs').filter(({ link }) => !listed.has(link))
if (others.length > 0) {
  sidebar.splice(-1, 0, { text: 'More', items: others })
}

export default {
  title: 'Millrace',
  description: 'Typed pipelines for Java: on Go-like channels over virtual threads, or on Project Reactor. And a Kafka loop that loses no record.',
  lang: 'en',
  srcDir: '../..',
  srcExclude: ['**/target/**', '**/node_modules/**', '.github/**'],
  outDir: './target/site',
  cacheDir: './target/cache',
  cleanUrls: false,
  metaChunk: true,
  rewrites: (id) => (id === 'docs/site/index.md' ? 'index.md' : id.replace(/(^|\/)README\.md$/, '$1index.md')).replace(/^index\.md$/, id === 'README.md' ? 'readme.md' : 'index.md'),
  ignoreDeadLinks: [/\/LICENSE$/],
  vite: {
    publicDir: fileURLToPath(new URL('../public', import.meta.url)),
    // Pages outside of this folder do not see its node_modules.
    resolve: { alias: [{ find: /^vue(\/.*)?$/, replacement: fileURLToPath(new URL('../node_modules/vue', import.meta.url)) + '$1' }] },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar,
    nav: [
      { text: 'Getting started', link: '/docs/getting-started' },
      { text: 'Guarantees', link: '/docs/guarantees' },
      { text: 'Benchmarks', link: '/docs/benchmarks/' },
    ],
    footer: { message: 'Apache License 2.0' },
  },
}
