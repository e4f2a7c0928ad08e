# %% right: a dictionary of modules
class FCN(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        nn = torch.nn
        self.parts = nn.ModuleList(
            [
                nn.Conv2d(3, 8, 3, 2, 1),
                nn.Conv2d(8, 16, 3, 2, 1),
                nn.Conv2d(16, classes, 1),
                nn.ConvTranspose2d(classes, classes, 4, 2, 1),
                nn.Conv2d(8, classes, 1),
                nn.ConvTranspose2d(classes, classes, 4, 2, 1),
            ]
        )

    def forward(self, x):
        down1, down2, score, up1, skip, up2 = self.parts
        a = down1(x).relu()
        b = down2(a).relu()
        return up2(up1(score(b)) + skip(a))


# %% right: functional ReLU, and a helper
def down(channels_in, channels_out):
    return torch.nn.Sequential(torch.nn.Conv2d(channels_in, channels_out, 3, stride=2, padding=1), torch.nn.ReLU())


class FCN(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.first, self.second = down(3, 8), down(8, 16)
        self.score = torch.nn.Conv2d(16, classes, kernel_size=1)
        self.twice = torch.nn.ConvTranspose2d(classes, classes, kernel_size=4, stride=2, padding=1)
        self.skip = torch.nn.Conv2d(8, classes, kernel_size=1)
        self.again = torch.nn.ConvTranspose2d(classes, classes, kernel_size=4, stride=2, padding=1)

    def forward(self, x):
        fine = self.first(x)
        scores = self.twice(self.score(self.second(fine)))
        scores = scores + self.skip(fine)
        return self.again(scores)


# %% right: step by step
class FCN(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.a = torch.nn.Conv2d(3, 8, (3, 3), stride=(2, 2), padding=(1, 1))
        self.b = torch.nn.Conv2d(8, 16, (3, 3), stride=(2, 2), padding=(1, 1))
        self.c = torch.nn.Conv2d(16, classes, (1, 1))
        self.d = torch.nn.ConvTranspose2d(classes, classes, (4, 4), stride=(2, 2), padding=(1, 1))
        self.e = torch.nn.Conv2d(8, classes, (1, 1))
        self.f = torch.nn.ConvTranspose2d(classes, classes, (4, 4), stride=(2, 2), padding=(1, 1))

    def forward(self, x):
        half = torch.nn.functional.relu(self.a(x))
        quarter = torch.nn.functional.relu(self.b(half))
        scores = self.c(quarter)
        scores = torch.add(self.d(scores), self.e(half))
        return self.f(scores)


# %% wrong: the skip is not added
class FCN(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.down1 = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.down2 = torch.nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.score = torch.nn.Conv2d(16, classes, 1)
        self.up1 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)
        self.skip = torch.nn.Conv2d(8, classes, 1)
        self.up2 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)

    def forward(self, x):
        coarse = torch.relu(self.down2(torch.relu(self.down1(x))))
        return self.up2(self.up1(self.score(coarse)))


# %% wrong: softmax at the end
class FCN(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.down1 = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.down2 = torch.nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.score = torch.nn.Conv2d(16, classes, 1)
        self.up1 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)
        self.skip = torch.nn.Conv2d(8, classes, 1)
        self.up2 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)

    def forward(self, x):
        fine = torch.relu(self.down1(x))
        coarse = torch.relu(self.down2(fine))
        return torch.softmax(self.up2(self.up1(self.score(coarse)) + self.skip(fine)), dim=1)


# %% wrong: the size is fixed
class FCN(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.down1 = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.down2 = torch.nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.score = torch.nn.Conv2d(16, classes, 1)
        self.up1 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)
        self.skip = torch.nn.Conv2d(8, classes, 1)
        self.up2 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)

    def forward(self, x):
        fine = torch.relu(self.down1(x))
        coarse = torch.relu(self.down2(fine))
        return self.up2(self.up1(self.score(coarse)) + self.skip(fine)).reshape(len(x), -1, 64, 64)


# %% wrong: skip concatenated instead of added
class FCN(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.down1 = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.down2 = torch.nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.score = torch.nn.Conv2d(16, classes, 1)
        self.up1 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)
        self.skip = torch.nn.Conv2d(8, classes, 1)
        self.up2 = torch.nn.ConvTranspose2d(2 * classes, classes, 4, stride=2, padding=1)

    def forward(self, x):
        fine = torch.relu(self.down1(x))
        coarse = torch.relu(self.down2(fine))
        return self.up2(torch.cat([self.up1(self.score(coarse)), self.skip(fine)], dim=1))


# %% wrong: forgets to call the parent's __init__
class FCN(torch.nn.Module):
    def __init__(self, classes):
        self.down1 = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)

    def forward(self, x):
        return self.down1(x)


# %% right: ReLU in place, the skip added in place
from torch import nn


class FCN(nn.Module):
    def __init__(self, classes=2):
        super().__init__()
        self.layers = nn.ModuleList(
            [
                nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(inplace=True)),
                nn.Sequential(nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU(inplace=True)),
                nn.Conv2d(16, classes, 1),
                nn.ConvTranspose2d(classes, classes, 4, 2, 1),
                nn.Conv2d(8, classes, 1),
                nn.ConvTranspose2d(classes, classes, 4, 2, 1),
            ]
        )

    def forward(self, x):
        a, b, score, up, skip, last = self.layers
        x = a(x)
        y = up(score(b(x)))
        y += skip(x)
        return last(y)


# %% wrong: the layers in a plain list
class FCN(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.layers = [
            torch.nn.Conv2d(3, 8, 3, 2, 1),
            torch.nn.Conv2d(8, 16, 3, 2, 1),
            torch.nn.Conv2d(16, classes, 1),
            torch.nn.ConvTranspose2d(classes, classes, 4, 2, 1),
            torch.nn.Conv2d(8, classes, 1),
            torch.nn.ConvTranspose2d(classes, classes, 4, 2, 1),
        ]

    def forward(self, x):
        a, b, score, up, skip, last = self.layers
        fine = torch.relu(a(x))
        return last(up(score(torch.relu(b(fine)))) + skip(fine))


# %% wrong: the skip created before the scores
class FCN(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.conv2 = torch.nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.skip = torch.nn.Conv2d(8, classes, 1)
        self.score = torch.nn.Conv2d(16, classes, 1)
        self.up1 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)
        self.up2 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)

    def forward(self, images):
        fine = torch.relu(self.conv1(images))
        coarse = torch.relu(self.conv2(fine))
        return self.up2(self.up1(self.score(coarse)) + self.skip(fine))


# %% wrong: two classes whatever was asked for
class FCN(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        classes = 2
        self.conv1 = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.conv2 = torch.nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.score = torch.nn.Conv2d(16, classes, 1)
        self.up1 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)
        self.skip = torch.nn.Conv2d(8, classes, 1)
        self.up2 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)

    def forward(self, images):
        fine = torch.relu(self.conv1(images))
        coarse = torch.relu(self.conv2(fine))
        return self.up2(self.up1(self.score(coarse)) + self.skip(fine))


# %% wrong: the skip cut off from the gradient
class FCN(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.conv2 = torch.nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.score = torch.nn.Conv2d(16, classes, 1)
        self.up1 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)
        self.skip = torch.nn.Conv2d(8, classes, 1)
        self.up2 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)

    def forward(self, images):
        fine = torch.relu(self.conv1(images))
        coarse = torch.relu(self.conv2(fine))
        return self.up2(self.up1(self.score(coarse)) + self.skip(fine.detach()))


# %% wrong: step 1 cut off from the deep maps, step 2 from the scores
class FCN(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.conv2 = torch.nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.score = torch.nn.Conv2d(16, classes, 1)
        self.up1 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)
        self.skip = torch.nn.Conv2d(8, classes, 1)
        self.up2 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)

    def forward(self, images):
        fine = torch.relu(self.conv1(images))
        coarse = torch.relu(self.conv2(fine))
        return self.up2(self.up1(self.score(coarse.detach())) + self.skip(fine))


# %% wrong: the skip reads the image of step 2
class FCN(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.conv2 = torch.nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.score = torch.nn.Conv2d(16, classes, 1)
        self.up1 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)
        self.skip = torch.nn.Conv2d(8, classes, 1)
        self.up2 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)

    def forward(self, images):
        fine = torch.relu(self.conv1(images))
        coarse = torch.relu(self.conv2(fine))
        return self.up2(self.up1(self.score(coarse)) + self.skip(coarse))


# %% wrong: the images scaled in place
class FCN(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.conv2 = torch.nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.score = torch.nn.Conv2d(16, classes, 1)
        self.up1 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)
        self.skip = torch.nn.Conv2d(8, classes, 1)
        self.up2 = torch.nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1)

    def forward(self, images):
        images *= 1.5
        fine = torch.relu(self.conv1(images))
        coarse = torch.relu(self.conv2(fine))
        return self.up2(self.up1(self.score(coarse)) + self.skip(fine))
