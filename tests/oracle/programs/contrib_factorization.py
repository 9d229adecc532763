"""tf.contrib.factorization: k-means."""

import numpy as np

from . import Case, program

POINTS = [[1.0, 1.0], [1.2, 1.0], [5.0, 5.0], [5.1, 5.2], [9.0, 1.0], [9.0, 1.2], [1.0, 1.1], [5.0, 4.9]]


def declare(name, steps=3, parts=1, **options):
    """A graph of k-means; with `steps`, what it finds after as many updates."""
    def build(tf):
        tf.set_random_seed(1)
        points = tf.constant(np.float32(POINTS))
        inputs = points if parts == 1 else tf.split(points, parts)
        graph = tf.contrib.factorization.KMeans(inputs, 3, **options).training_graph()
        distances, numbers, nearest, _, init, update = graph
        runs = [(init, None)] + [(update, None)] * steps + [(tf.global_variables() + [numbers, nearest], None)]
        return Case(init=True, steps=runs if steps else [], show=[distances, numbers, nearest, init])

    build.__name__ = name
    return program(build)


declare("kmeans", random_seed=5)
declare("kmeans_of_parts", parts=2, random_seed=5)
declare("kmeans_plus_plus", initial_clusters="kmeans_plus_plus", random_seed=5)
declare("kmeans_by_chains", steps=0, initial_clusters="kmc2", random_seed=5, kmc2_chain_length=2)
declare("kmeans_cosine", distance_metric="cosine", random_seed=5)
declare("kmeans_from_centers", initial_clusters=np.float32([[1.0, 1.0], [5.0, 5.0], [9.0, 1.0]]))
declare("kmeans_from_function", initial_clusters=lambda inputs, count: inputs[0][:count])
# In TensorFlow batches read centers before or after they change them, as it comes.
declare("kmeans_batches", steps=0, use_mini_batch=True, random_seed=5)
declare("kmeans_batches_cosine", steps=0, use_mini_batch=True, distance_metric="cosine", random_seed=5)
declare("kmeans_batches_seldom", steps=0, use_mini_batch=True, mini_batch_steps_per_iteration=2, random_seed=5)
declare("kmeans_batches_seldom_cosine", steps=0, use_mini_batch=True, mini_batch_steps_per_iteration=2,
        distance_metric="cosine")


@program
def kmeans_refusals(tf):
    factorization = tf.contrib.factorization
    said = []
    for options in ({"distance_metric": "manhattan"}, {"initial_clusters": "first"}):
        try:
            factorization.KMeans(tf.constant(POINTS), 2, **options)
        except ValueError as error:
            said.append(str(error))
    return Case(facts={"said": said, "words": [factorization.RANDOM_INIT, factorization.KMEANS_PLUS_PLUS_INIT,
                                               factorization.SQUARED_EUCLIDEAN_DISTANCE,
                                               factorization.COSINE_DISTANCE]})
