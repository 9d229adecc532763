"""The words that drawings and cards add to the user's own: one table of phrases for each language but English."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Iterator

# The English phrase -> the phrase; of a noun that is counted, singular and plural.
_PHRASES: dict[str, dict[str, str]] = {"pt": {
    "all": "todos",
    "after": "depois de",
    "A quiz hides types and shapes, and a PBTXT file tells them. Export it from a drawing without --quiz.":
        "Um quiz esconde tipos e formas, e um arquivo PBTXT os revela. Exporte-o de um desenho sem --quiz.",
    "and {} more": "e mais {}",
    "array": "array",
    "as text": "como texto",
    "axis": "eixo",
    "branch": "desvio",
    "changed": "mudou",
    "changes": "altera",
    "closed": "fechada",
    "default graph": "grafo padrão",
    "constant": "constante",
    "Dataflow graph": "Grafo de operações",
    "Dataflow graph of {}, drawn as {}.": "Grafo de {}, desenhado como {}.",
    "details": "detalhes",
    "dict": "dicionário",
    "device": "dispositivo",
    "device of each node in angle brackets": "o dispositivo de cada nó, entre < e >",
    "Devices": "Dispositivos",
    "element": "elemento",
    "executions": "execuções",
    "no cell": "nenhuma célula",
    "Nothing to show: no run was traced.": "Nada a mostrar: nenhuma execução foi acompanhada.",
    "op": "op",
    "share": "parte",
    "time": "tempo",
    "Time by line": "Tempo por linha",
    "Time by node": "Tempo por nó",
    "Time of {}: {}": "Tempo de {}: {}",
    "empty": "vazio",
    "first of {}": "a primeira de {}",
    "folded": "recolhido",
    "Failed: {}": "Falhou: {}",
    "Failed: {}: {}": "Falhou: {}: {}",
    "from": "de",
    "from before": "de antes",
    "gradient of": "gradiente de",
    "gradients": "gradientes",
    "gone": "saiu",
    "Graph": "Grafo",
    "graph": "grafo",
    "held {} before the run": "continha {} antes da execução",
    "holds {}": "contém {}",
    "in turn {} of the loop": "na volta {} do laço",
    "It goes into": "Entra em",
    "division by 0": "divisão por 0",
    "holds": "contém",
    "if false": "se falso",
    "if true": "se verdadeiro",
    "in use": "em uso",
    "initialised": "inicializada",
    "initialisers": "inicializadores",
    "input": "entrada",
    "line": "linha",
    "list": "lista",
    "loop": "laço",
    "loop condition": "condição do laço",
    "loop variable": "variável do laço",
    "made {} from finite inputs": "produziu {} a partir de entradas finitas",
    "made at": "feito em",
    "made by": "feito por",
    "Matrix product": "Produto de matrizes",
    "Matrix product of shapes {} and {}; element {}.": "Produto de matrizes de formas {} e {}; elemento {}.",
    "mean": "média",
    "memory": "memória",
    "matrix product": "produto de matrizes",
    "name": "nome",
    "new": "novo",
    "no": "não",
    "no value yet": "ainda sem valor",
    "node": "nó",
    "nodes": "nós",
    "Not finite: {}": "Não finito: {}",
    "Not built: {}": "Não construído: {}",
    "not built": "não construído",
    "not drawn": "não desenhado",
    "not finite": "não finito",
    "nothing": "nada",
    "of": "de",
    "open": "aberta",
    "operation": "operação",
    "output": "saída",
    "placeholder": "placeholder",
    "Quiz: shapes and dtypes of what is computed are hidden.":
        "Quiz: as formas e os tipos do que se calcula estão escondidos.",
    "rank": "posto",
    "result": "resultado",
    "run {} of the cell": "execução {} da célula",
    "run": "execução",
    "save and restore": "salvar e restaurar",
    "session": "sessão",
    "Session": "Sessão",
    "shape": "forma",
    "state": "estado",
    "Steps": "Passos",
    "tensor": "tensor",
    "Tensor": "Tensor",
    "Tensors": "Tensores",
    "The graph is empty.": "O grafo está vazio.",
    "torch device": "dispositivo do torch",
    "trainable": "treinável",
    "training": "treino",
    "true": "verdadeiros",
    "turn": "volta",
    "tuple": "tupla",
    "type": "tipo",
    "types": "tipos",
    "Training": "Treino",
    "steps/s": "passos/s",
    "step": "passo",
    "scale of powers of ten": "escala de potências de dez",
    "no value": "sem valor",
    "highest": "maior",
    "lowest": "menor",
    "first": "primeiro",
    "{} s left": "faltam {} s",
    "updates": "atualiza",
    "value": "valor",
    "variable": "variável",
    "was fed with {}": "recebeu {} na alimentação",
    "What was fetched is finite all the same.": "O que foi buscado é finito mesmo assim.",
    "yes": "sim",
    "{} checked: every value is finite.": "{} verificada(s): todos os valores são finitos.",
    "⚠ Not every value is finite: {} shows where the first NaN or infinity comes from.":
        "⚠ Nem todo valor é finito: {} mostra de onde vem o primeiro NaN ou infinito.",
    "{} of {}": "{} de {}",
    "{} steps left out": "{} passos omitidos",
    "{} could not be built: {}": "{} não pôde ser construído: {}",
    "{} could not be built, so it has no value.": "{} não pôde ser construído, então não tem valor.",
    "{} gives a {}, which is a handle inside the session.": "{} dá um {}, que é uma referência dentro da sessão.",
    "{} gives no value.": "{} não dá valor.",
    "{} has no value yet: run sess.run(tf.global_variables_initializer()) in your session, or %%session --init.":
        "{} ainda não tem valor: rode sess.run(tf.global_variables_initializer()) na sua sessão, ou %%session --init.",
    "{} has no value, for no session of this graph is open: open one with %%session --init, or with sess = "
    "tf.Session() and sess.run(tf.global_variables_initializer()).":
        "{} não tem valor, pois nenhuma sessão deste grafo está aberta: abra uma com %%session --init, ou com sess = "
        "tf.Session() e sess.run(tf.global_variables_initializer()).",
    "{} is a scope, or no node of this graph.": "{} é um escopo, ou não é nó deste grafo.",
    "The value depends on what is fed to {}: run it once with a feed_dict (or %fetch … --feed …).":
        "O valor depende do que se passa a {}: rode-o uma vez com um feed_dict (ou %fetch … --feed …).",
    "{} more: give a pattern.": "mais {}: dê um padrão.",
    "{} of gradients, training, initialisers and savers: %tensors --all.":
        "{} de gradientes, treino, inicializadores e salvamento: %tensors --all.",
}}
_NOUNS: dict[str, dict[str, tuple[str, str]]] = {
    "en": {"matrix": ("matrix", "matrices")},
    "pt": {
        "constant": ("constante", "constantes"),
        "element": ("elemento", "elementos"),
        "folded gradient part": ("parte de gradientes recolhida", "partes de gradientes recolhidas"),
        "folded group": ("grupo recolhido", "grupos recolhidos"),
        "folded scope": ("escopo recolhido", "escopos recolhidos"),
        "folded training part": ("parte de treino recolhida", "partes de treino recolhidas"),
        "loop variable": ("variável do laço", "variáveis do laço"),
        "matrix": ("matriz", "matrizes"),
        "node": ("nó", "nós"),
        "operation": ("operação", "operações"),
        "placeholder": ("placeholder", "placeholders"),
        "repetition": ("repetição", "repetições"),
        "run": ("execução", "execuções"),
        "step": ("passo", "passos"),
        "tensor": ("tensor", "tensores"),
        "update": ("atualização", "atualizações"),
        "value": ("valor", "valores"),
        "variable": ("variável", "variáveis"),
    },
}
LANGUAGES = ("en", *_PHRASES)

_chosen: contextvars.ContextVar[str | None] = contextvars.ContextVar("tfmagic_language", default=None)
_default: list[Callable[[], str]] = [lambda: "en"]


def language() -> str:
    """The language in force, one of `LANGUAGES`."""
    return _chosen.get() or _default[-1]()


@contextlib.contextmanager
def speaking(chosen: str | None) -> Iterator[None]:
    """Let what is drawn within it speak a language; None changes nothing."""
    token = _chosen.set(chosen or _chosen.get())
    try:
        yield
    finally:
        _chosen.reset(token)


def follow(default: Callable[[], str]) -> Callable[[], None]:
    """Ask `default` for the language wherever none is chosen.

    Returns:
      A function that undoes it.
    """
    _default.append(default)

    def undo() -> None:
        _default.remove(default)

    return undo


def say(phrase: str, *parts: str) -> str:
    """A phrase of this package in the language in force, with `parts` in its gaps."""
    found = _PHRASES.get(language(), {}).get(phrase, phrase)
    return found.format(*parts) if parts else found


def plural(count: int, noun: str) -> str:
    """`1 operation`, `2 operations`, `1,234 operations`."""
    one, many = _NOUNS.get(language(), {}).get(noun, (noun, noun + "s"))
    return f"{figures(count)} {one if count == 1 else many}"


def figures(number: float) -> str:
    """A number's whole part in the language in force: `1,234`; where English is not spoken `1 234`.

    The point stays that of the decimals: values are written as NumPy writes them in every language.
    """
    text = f"{number:,.0f}"
    return text if language() == "en" else text.replace(",", "\u00a0")
