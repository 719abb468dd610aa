"use strict";
// What the page says beyond its English text: each word in Portuguese, and in both what depends on figures.
const PORTUGUESE = {
  skip: "Ir para os números", waiting: "Esperando o servidor", figures: "Números ao vivo",
  token_title: "O token dos operadores", token: "Token", token_send: "Mostrar os números",
  token_why: "Os números são para operadores. O token é guardado até que esta aba seja fechada.",
  people: "Pessoas", rate: "Requisições por segundo", median: "Mediana, últimos 20 s", slowest: "99 % em até",
  faults: "Falhas do servidor (5xx)", workers: "Workers", size: "Em disco", uptime: "No ar há",
  strategy: "Estratégia de escrita", endpoints: "Respostas por endpoint",
  endpoint: "Endpoint", answers: "Respostas", half: "Mediana", most: "99 %",
  search: "Buscar", term: "Parte de um apelido, nome ou tecnologia", find: "Buscar", kind: "Como",
  exact: "Exata", fuzzy: "Tolerando erros e acentos",
  create: "Criar uma pessoa", nickname: "Apelido", name: "Nome", born: "Data de nascimento",
  stack: "Tecnologias, separadas por vírgulas", send: "Criar", docs: "A documentação da API",
  other: "outros", live: "Ao vivo", lost: "Sem resposta do servidor", locked: "Falta o token",
  wrong_token: "Este não é o token.",
  nobody: "Ninguém encontrado.", one: "1 pessoa", many: "{n} pessoas", first: "As primeiras {n} pessoas",
  created: "Criada: {who}", taken: "Este apelido já existe: {who}",
};
const ENGLISH = {
  other: "others", live: "Live", lost: "No answer from the server", locked: "The token is missing",
  wrong_token: "This is not the token.",
  nobody: "Nobody found.", one: "1 person", many: "{n} people", first: "The first {n} people",
  created: "Created: {who}", taken: "This nickname is taken: {who}",
};
// The server promises in English; the strategies' names are the same everywhere.
const PROMISES = {
  "group-commit": "Um 201 significa que uma transação dividida com os vizinhos está em disco; kill -9 não perde nada, uma queda de energia não perde nada.",
  "per-request": "Um 201 significa que a sua própria transação está em disco; kill -9 não perde nada, uma queda de energia não perde nada.",
  "write-behind": "Um 201 significa única e visível a todo worker, e em disco dentro da janela configurada, ou ninguém mais é respondido até que esteja; kill -9 não perde nada, uma queda de energia perde no máximo as respostas dessa janela.",
  "memory-queue": "Um 201 significa válida, e livre até onde este worker sabe (INSEGURA); kill -9 e uma queda de energia perdem o que espera naquele worker, até 1 s e um flush.",
};
const REFUSALS = {
  apelido: "apelido: de 1 a 32 caracteres.", nome: "nome: de 1 a 100 caracteres.",
  nascimento: "nascimento: uma data do calendário, escrita AAAA-MM-DD.",
  stack: "stack: cada tecnologia de 1 a 32 caracteres.", t: "O termo está vazio ou é longo demais.",
};
