"""A regressor as a user has one, in plain numpy for any Python: crops, two convolutions, pooling, a linear head."""

import numpy as np

NAMES = [
    *("left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle"),
    *("left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist"),
]
MEAN = np.array(
    [
        [80, 0, 0],
        [-80, 0, 0],
        [130, 390, 0],
        [-130, 390, 0],
        [140, 820, 30],
        [-140, 820, 30],
        [180, -480, -20],
        [-180, -480, -20],
        [290, -250, -20],
        [-290, -250, -20],
        [400, -40, -20],
        [-400, -40, -20],
    ],
    np.float32,
)
SIDE = 64


class Regressor:
    """Joints in millimetres: a mean pose, moved a little by what the network sees."""

    def __init__(self):
        rng = np.random.RandomState(0)
        self.first = rng.standard_normal((27, 16)).astype(np.float32) / 5
        self.second = rng.standard_normal((144, 32)).astype(np.float32) / 12
        self.head = rng.standard_normal((32, MEAN.size)).astype(np.float32) * 20
        self.spec = {
            "name": "numpy-regressor",
            "joint_names": NAMES,
            "needs": ["images", "boxes"],
            "units": "mm",
            "root": "hips",
            "licence": "numpy " + np.__version__,
        }

    def predict(self, images, boxes):
        joints = np.stack([self.look(cut(images[row], boxes[row])) for row in range(len(images))])
        return {"joints": joints}

    def look(self, crop):
        """(12, 3) of one crop (64, 64, 3), one at a time: a row does not depend on its batch."""
        features = np.maximum(convolved(np.maximum(convolved(crop, self.first), 0), self.second), 0)
        return MEAN + (features.mean(axis=(0, 1)) @ self.head).reshape(MEAN.shape)


def cut(image, box):
    """(64, 64, 3) of a square round the box, by nearest pixels."""
    side = 1.2 * max(box[2] - box[0], box[3] - box[1])
    at = (np.arange(SIDE) + 0.5) / SIDE * side - side / 2
    x = np.clip((box[0] + box[2]) / 2 + at, 0, image.shape[1] - 1).astype(int)
    y = np.clip((box[1] + box[3]) / 2 + at, 0, image.shape[0] - 1).astype(int)
    return image[y][:, x].astype(np.float32) / 255 - np.float32(0.5)


def convolved(picture, weights):
    """A 3 x 3 convolution of stride 2."""
    height, width = picture.shape[0] - 2, picture.shape[1] - 2
    parts = [picture[i : i + height : 2, j : j + width : 2] for i in range(3) for j in range(3)]
    return np.concatenate(parts, axis=2) @ weights


def build():
    return Regressor()
