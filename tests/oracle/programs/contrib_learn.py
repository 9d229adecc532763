"""tf.contrib.learn's vocabularies, data sets and small classes, as facts."""

import os
import tempfile

import numpy as np

from . import Case, program
from .monitored import watched


def _plain(thing):
    if isinstance(thing, np.ndarray):
        return [thing.dtype.name, thing.tolist()]
    if isinstance(thing, bytes) and not isinstance(thing, str):
        return thing.decode()
    if isinstance(thing, (tuple, list)):
        return [_plain(item) for item in thing]
    return thing


@program
def learn_vocabulary_processor(tf):
    """Documents to ids and back, frequencies, freezing, files."""
    text = [u"This is a cat", u"this is not a dog.", u"A dog's life isn't it?", u"a a is is of it",
            u"\u00e9t\u00e9 na\u00efve"]
    learn = tf.contrib.learn.preprocessing
    processor = learn.VocabularyProcessor(5)
    ids = np.array(list(processor.fit_transform(text)))
    rare = learn.VocabularyProcessor(max_document_length=4, min_frequency=1)
    rare_ids = np.array(list(rare.fit_transform(iter(text))))
    frozen = np.array(list(rare.transform([u"a new cat is this"])))
    spaces = learn.VocabularyProcessor(3, tokenizer_fn=lambda docs: (doc.split(u" ") for doc in docs))
    given = learn.CategoricalVocabulary()
    for word in (u"x", u"y", u"x"):
        given.add(word)
    given.freeze()
    known = learn.VocabularyProcessor(3, vocabulary=given)
    path = os.path.join(tempfile.mkdtemp(), "vocabulary")
    processor.save(path)
    back = learn.VocabularyProcessor.restore(path)
    facts = {
        "ids": _plain(ids), "rare": _plain(rare_ids), "frozen": _plain(frozen), "sizes": [
            len(processor.vocabulary_), len(rare.vocabulary_)],
        "reverse": list(processor.reverse(ids)), "reverse_rare": list(rare.reverse(rare_ids)),
        "spaces": _plain(np.array(list(spaces.fit_transform([u"p q. r s", u"q"])))),
        "known": _plain(np.array(list(known.transform([u"y x z y", u""])))),
        "tokens": [list(tokens) for tokens in learn.tokenizer(text)],
        "restored": _plain(np.array(list(back.transform(text[1:3])))), "length": back.max_document_length,
        "mapping": sorted(processor.vocabulary_._mapping.items()), "frequency": processor.min_frequency,
        "bytes": _plain(np.array(list(learn.ByteProcessor(6).transform([u"abc", u"\u00e9t\u00e9!", b"longer than"])))),
        "bytes_back": list(learn.ByteProcessor(6).reverse(np.array([[97, 98, 0, 0]]))),
        "fit": processor.fit([u"more words"]) is processor, "dtype": [row.dtype.name for row in ids[:1]],
    }
    back.vocabulary_.add(u"z")
    facts["frozen_size"] = len(back.vocabulary_)
    return Case(facts=facts)


@program
def learn_categories(tf):
    """CategoricalVocabulary and CategoricalProcessor."""
    learn = tf.contrib.learn.preprocessing
    with watched(tf) as watch:
        words = learn.CategoricalVocabulary(unknown_token="?")
        facts = {"first": [words.get("a"), words.get("b"), words.get("a"), words.get("nan"), words.get(float("nan")),
                           words.get(""), words.get("?")]}
        for word, count in (("a", 3), ("b", 1), ("c", 2), ("d", 1), ("e", 7)):
            words.add(word, count)
        words.add("b")
        facts["grown"] = [len(words), words.get("e"), words.reverse(2), words.reverse(0)]
        words.trim(1, 5)
        facts["trimmed"] = [len(words), words.get("a"), words.get("e"), words.get("c"), words.reverse(1),
                            words.get("new")]
        words.freeze()
        facts["frozen"] = [words.get("later"), len(words)]
        words.freeze(False)
        facts["thawed"] = [words.get("later"), len(words)]
        one_way = learn.CategoricalVocabulary(support_reverse=False)
        one_way.get("x")
        watch.fails(lambda: one_way.reverse(1))
        watch.fails(lambda: words.reverse(99))
        table = [["0", "Male"], ["1", "Female"], ["1", "Male"], ["", float("nan")]]
        processor = learn.CategoricalProcessor(min_frequency=0)
        facts["table"] = _plain(list(processor.fit_transform(np.array(table, dtype=object))))
        shared = learn.CategoricalProcessor(share=True, min_frequency=1)
        facts["shared"] = _plain(list(shared.fit_transform([["a", "b"], ["b", "a"], ["c", "b"]])))
        facts["later"] = _plain(list(shared.transform([["a", "z"], ["c", "b"]])))
        facts["said"] = watch.said
        return Case(facts=facts)


@program
def learn_data_sets(tf):
    """iris, Boston, the synthetic ones, and files of numbers."""
    data = tf.contrib.learn.datasets
    with watched(tf) as watch:
        facts = {}
        for name in ("iris", "boston"):
            loaded = data.load_dataset(name)
            facts[name] = [_plain(part[::29]) if part is not None else None for part in loaded] + [
                loaded.data.shape, float(loaded.data.sum()), float(np.asarray(loaded.target, float).sum()),
                type(loaded).__name__]
        for name, options in (("circles", {}), ("circles", {"noise": 0.1, "factor": 0.5, "n_classes": 3}),
                              ("spirals", {}), ("spirals", {"mode": "bernoulli", "noise": 0.2}),
                              ("spirals", {"mode": "fermat", "seed": 5, "n_loops": 1})):
            made = data.make_dataset(name, n_samples=12, **options)
            facts[name + str(sorted(options))] = [
                np.round(made.data, 6).tolist(), made.target.tolist(), made.data.dtype.name, made.target.dtype.name]
        path = os.path.join(watch.folder, "a.csv")
        with open(path, "w") as file:
            file.write("3,2,a,b\n1.5,2,0\n2.5,3,1\n3.5,4,0\n")
        facts["header"] = [_plain(part) for part in data.base.load_csv_with_header(path, np.int32, np.float32)]
        plain = os.path.join(watch.folder, "b.csv")
        with open(plain, "w") as file:
            file.write("7,1.5,2\n8,2.5,3\n")
        facts["plain"] = [_plain(part) for part in data.base.load_csv_without_header(
            plain, target_dtype=np.int64, features_dtype=np.float64, target_column=0)]
        data.base.shrink_csv(plain, 2)
        facts["files"] = sorted(os.listdir(watch.folder))
        facts["found"] = watch.plain(data.base.maybe_download("a.csv", watch.folder, "nowhere"))
        watch.fails(lambda: data.load_dataset("none"))
        watch.fails(lambda: data.make_dataset("none"))
        watch.fails(lambda: data.make_dataset("circles", n_samples=10, factor=1.5))
        watch.fails(lambda: data.make_dataset("circles", n_samples=10, n_classes=0))
        watch.fails(lambda: data.make_dataset("spirals", n_samples=10, mode="none"))
        facts["said"] = watch.said
        return Case(facts=facts)


@program
def learn_modes(tf):
    """Keys, problems and modes."""
    learn = tf.contrib.learn
    names = {}
    for kind in (learn.ModeKeys, learn.ProblemType, learn.PredictionKey, learn.TaskType):
        names[kind.__name__] = sorted((name, str(value)) for name, value in vars(kind).items() if name.isupper())
    return Case(facts=names)
