"""A trained player: deep Q-learning with a target network and a memory of moves."""

import numpy as np

from . import whole

STEPS = 20
SIZE, MOVES = 6, 2


class Corridor(object):
    """A corridor with a prize at its end."""

    def reset(self):
        self.place = 2
        return self.look()

    def look(self):
        return np.eye(SIZE, dtype=np.float32)[self.place]

    def step(self, move):
        self.place = min(max(self.place + (1 if move else -1), 0), SIZE - 1)
        done = self.place in (0, SIZE - 1)
        return self.look(), float(self.place == SIZE - 1), done


def q_network(tf, state, scope):
    """The value of each move."""
    with tf.variable_scope(scope):
        hidden = tf.layers.dense(state, 16, activation=tf.nn.relu, name="hidden")
        return tf.layers.dense(hidden, MOVES, name="q")


@whole
def train_dqn(tf):
    state = tf.placeholder(tf.float32, [None, SIZE], name="state")
    following = tf.placeholder(tf.float32, [None, SIZE], name="next_state")
    move = tf.placeholder(tf.int32, [None], name="action")
    reward = tf.placeholder(tf.float32, [None], name="reward")
    done = tf.placeholder(tf.float32, [None], name="done")
    online, target = q_network(tf, state, "online"), q_network(tf, following, "target")
    own = tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="online")
    other = tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="target")
    copy = tf.group(*[theirs.assign(ours) for ours, theirs in zip(own, other)], name="copy")
    wanted = tf.stop_gradient(reward + 0.9 * (1.0 - done) * tf.reduce_max(target, axis=1))
    chosen = tf.reduce_sum(online * tf.one_hot(move, MOVES), axis=1)
    loss = tf.losses.huber_loss(wanted, chosen)
    train = tf.train.RMSPropOptimizer(0.01, momentum=0.5).minimize(loss, var_list=own)

    def run(sess):
        random, world, memory, losses = np.random.RandomState(2), Corridor(), [], []
        sess.run(tf.global_variables_initializer())
        sess.run(copy)
        seen = world.reset()
        while len(losses) < STEPS:
            if random.rand() < 0.5:
                action = random.randint(MOVES)
            else:
                action = int(np.argmax(sess.run(online, {state: seen[None]})[0]))
            after, prize, over = world.step(action)
            memory.append((seen, action, prize, after, float(over)))
            seen = world.reset() if over else after
            if len(memory) >= 12:
                picked = [memory[n] for n in random.randint(0, len(memory), 8)]
                batch = [np.array(part) for part in zip(*picked)]
                losses.append(sess.run([loss, train], dict(zip((state, move, reward, following, done), batch)))[0])
                if len(losses) % 5 == 0:
                    sess.run(copy)
        return losses

    return run
