"""Queues and input pipelines built of them: `tf.queue`, queue runners, producers, batches, readers, accumulators."""
