"""Queues and the input pipelines built of them: `tf.queue`, queue runners, producers, batches, readers, accumulators."""
