"""The pictures of the demo's products, one function each."""

from orders.demo.drawing import Sketch


def teapot() -> Sketch:
    s = Sketch("#e9d9c3", "#c9a988")
    s.shadow(51, 78, 58)
    s.line([(71, 50), (84, 45), (87, 58), (74, 69)], 4.5, "#2f6459")
    s.shape([(36, 54), (18, 42), (14, 45), (33, 70)], "#2f6459")
    s.round([(50, 40), (68, 45), (76, 60), (68, 75), (50, 78), (32, 75), (24, 60), (32, 45)],
            "#37766a", 0.28)  # fmt: skip
    s.oval(50, 42, 17, 4, "#2c5d53")
    s.oval(50, 40, 15, 4.5, "#418475", 0.25)
    s.oval(50, 33.5, 3.4, 3.4, "#d7a04a", 0.3)
    return s


def lamp() -> Sketch:
    s = Sketch("#33404f", "#6b4f3c", 76)
    s.glow(50, 46, 36, "#c9a66a", 150)
    s.shadow(50, 84, 36)
    s.box(48.4, 50, 51.6, 80, "#b98d4f")
    s.oval(50, 81.5, 15, 3.4, "#a67b40", 0.3)
    s.shape([(40, 22), (60, 22), (73, 53), (27, 53)], "#f4d58f", 0.2)
    s.oval(50, 53, 23, 3.6, "#fff3cf", 0.1)
    s.oval(50, 22, 10, 1.7, "#e2bd72", 0.1)
    return s


def chair() -> Sketch:
    s = Sketch("#cfd8cf", "#b7a38a", 74)
    s.shadow(50, 87, 46)
    for leg in (
        [(34, 58), (30, 86)],
        [(64, 58), (69, 86)],
        [(38, 58), (37, 80)],
        [(60, 58), (62, 80)],
    ):
        s.line(leg, 2.8, "#8a5a33")
    s.line([(35, 57), (32, 17)], 2.8, "#8a5a33")
    s.line([(63, 57), (65, 17)], 2.8, "#8a5a33")
    for y in (21, 30, 39):
        s.line([(33, y), (49, y + 2), (64.5, y)], 4.6, "#a56d40")
    s.round([(31, 56), (49, 52), (68, 56), (70, 61), (49, 63), (29, 61)], "#c8553d", 0.2)
    return s


def mug() -> Sketch:
    s = Sketch("#d8c7d3", "#a98b8f")
    s.shadow(50, 79, 44)
    s.line([(66, 45), (80, 46), (80, 62), (66, 67)], 4.6, "#c65f3e")
    s.box(31, 36, 68, 79, "#d9734f", 5, 0.26)
    s.oval(49.5, 37, 18.5, 4.6, "#f0a283")
    s.oval(49.5, 37.6, 16.4, 3.6, "#4b2c20")
    s.box(31, 60, 68, 64, "#f4e5d2", 0, 0.2)
    for x in (42, 49.5, 57):
        s.line([(x, 30), (x + 2.5, 25), (x - 2, 20), (x + 1, 15)], 1.1, "#f3ebf0")
    return s


def vase() -> Sketch:
    s = Sketch("#f1dfd2", "#d7b49e")
    s.shadow(50, 84, 36)
    for tip, colour in (((34, 15), "#d86f52"), ((50, 9), "#e8a33d"), ((66, 17), "#b9485a")):
        s.line([(50, 46), ((tip[0] + 50) / 2, 30), tip], 1.1, "#5b7a4c")
        for dx, dy in ((-4, 0), (4, 0), (0, -4), (0, 4)):
            s.oval(tip[0] + dx, tip[1] + dy, 3.9, 3.9, colour, 0.2)
        s.oval(*tip, 2.4, 2.4, "#f6e0a0")
    s.round([(44, 43), (56, 43), (55, 51), (66, 63), (63, 79),
             (50, 84), (37, 79), (34, 63), (45, 51)], "#4d6f93", 0.28)  # fmt: skip
    s.oval(50, 43.5, 6.6, 1.7, "#2c4663")
    return s


def clock() -> Sketch:
    s = Sketch("#c9dadd", "#8fa9ad", 82)
    s.shadow(51, 86, 44)
    s.line([(36, 76), (31, 85)], 3, "#7d5a35")
    s.line([(64, 76), (69, 85)], 3, "#7d5a35")
    s.oval(50, 48, 35, 35, "#9a6f43", 0.25)
    s.oval(50, 48, 30, 30, "#fbf5e8", 0.05)
    ring = [(0, -26), (13, -22.5), (22.5, -13), (26, 0), (22.5, 13), (13, 22.5)]
    for dx, dy in ring + [(-x, -y) for x, y in ring]:
        s.oval(50 + dx, 48 + dy, 1.2, 1.2, "#4b3b2a", 0)
    s.line([(50, 48), (38, 39)], 2, "#33302c")
    s.line([(50, 48), (66, 37)], 1.4, "#33302c")
    s.oval(50, 48, 2.3, 2.3, "#c8553d")
    return s


def plant() -> Sketch:
    s = Sketch("#e6e3cf", "#b9a784", 76)
    s.shadow(50, 87, 38)
    leaves = [((50, 12), 0), ((31, 19), -8), ((69, 19), 8), ((20, 36), -12), ((80, 36), 12)]
    for (x, y), lean in leaves:
        s.line([(50, 62), (50 + lean, 45), (x, y)], 1.3, "#3f6a41")
        mx, my = (x * 2 + 50 + lean) / 3, (y * 2 + 45) / 3
        width = 8
        s.round([(x, y - 5), (mx + width, my - 2), (mx, my + 13), (mx - width, my - 2)],
                "#4f8a52" if lean <= 0 else "#437a4b", 0.22)  # fmt: skip
    s.shape([(33, 60), (67, 60), (62, 87), (38, 87)], "#c77b4f", 0.26)
    s.box(31, 57, 69, 64, "#d68c5f", 1.2, 0.24)
    return s


def cushion() -> Sketch:
    s = Sketch("#dcd3e4", "#a99abb", 72)
    s.shadow(50, 83, 62, 4)
    s.round([(18, 24), (50, 28), (82, 24), (79, 53), (83, 82), (50, 79), (17, 82), (21, 53)],
            "#d9a441", 0.24)  # fmt: skip
    for x in (33, 44.5, 56, 67):
        s.line([(x, 31), (x + 1.2, 53), (x, 76)], 2.6, "#f1d9a2")
    s.oval(50.5, 53, 2.6, 2.6, "#8d6420", 0.3)
    return s


def notebook() -> Sketch:
    s = Sketch("#d5dfea", "#93a8c0", 66)
    s.shadow(51, 85, 58)
    s.shape([(30, 20), (75, 24), (72, 85), (27, 81)], "#f6efe0", 0.06)
    s.shape([(27, 18), (72, 22), (69, 83), (24, 79)], "#a8324a", 0.18)
    s.shape([(27, 18), (32.5, 18.5), (29.5, 79.5), (24, 79)], "#7f2337", 0.1)
    s.line([(64, 21.5), (61, 82)], 1.5, "#2b2622")
    s.shape([(39, 33), (57, 34.6), (56.3, 46), (38.3, 44.4)], "#f3e6cf", 0.05)
    s.line([(42, 38), (53.5, 39)], 0.8, "#a8324a")
    s.line([(41.7, 41.3), (50, 42)], 0.8, "#a8324a")
    return s


def candle() -> Sketch:
    s = Sketch("#3c3547", "#5c4a55", 72)
    s.glow(50, 28, 32, "#e29a5a", 150)
    s.shadow(50, 83, 46)
    s.oval(50, 80, 24, 5, "#b58b52", 0.3)
    s.box(37, 43, 63, 80, "#efe4d2", 3, 0.2)
    s.oval(50, 44, 13, 3.2, "#fff6e2", 0.05)
    s.line([(50, 44), (50, 37)], 0.9, "#3a2a22")
    s.round([(50, 15), (55, 28), (54, 36), (50, 39), (46, 36), (45, 28)], "#f7b24a", 0.1)
    s.round([(50, 25), (52.5, 32), (50, 37.5), (47.5, 32)], "#fff2c4", 0)
    return s


def bowl() -> Sketch:
    s = Sketch("#dfe6d2", "#aebd93")
    s.shadow(50, 80, 52)
    for x, y, colour in (
        (36, 42, "#d4483b"),
        (50, 37, "#e3a53a"),
        (63, 42, "#c8433c"),
        (50, 46, "#8dae4b"),
    ):
        s.oval(x, y, 10.5, 10.5, colour, 0.28)
        s.line([(x, y - 9.5), (x + 1.5, y - 13)], 1, "#5c4327")
    s.round([(18, 48), (50, 52), (82, 48), (76, 66), (60, 78), (40, 78), (24, 66)], "#f2eee4", 0.18)
    s.line([(20.5, 54), (50, 58), (79.5, 54)], 2.2, "#5b7fa3")
    return s


def umbrella() -> Sketch:
    s = Sketch("#c7d3dc", "#98a9b5", 84)
    s.shadow(54, 90, 30, 2.5)
    s.line([(50, 18), (50, 82), (53, 89), (59, 88), (60, 82)], 2.3, "#7a5230")
    s.round([(50, 16), (76, 28), (90, 55), (74, 51), (62, 55),
             (50, 51), (38, 55), (26, 51), (10, 55), (24, 28)], "#27547c", 0.2)  # fmt: skip
    s.round([(50, 16), (58, 32), (62, 55), (50, 51), (38, 55), (42, 32)], "#efc65a", 0.18)
    s.line([(50, 17), (50, 11)], 1.8, "#7a5230")
    return s


PICTURES = {
    "teapot": teapot,
    "lamp": lamp,
    "chair": chair,
    "mug": mug,
    "vase": vase,
    "clock": clock,
    "plant": plant,
    "cushion": cushion,
    "notebook": notebook,
    "candle": candle,
    "bowl": bowl,
    "umbrella": umbrella,
}


def draw(slug: str) -> bytes:
    """The picture of a demo product, as WebP."""
    return PICTURES[slug]().webp()
