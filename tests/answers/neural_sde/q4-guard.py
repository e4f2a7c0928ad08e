# %% right: cross-entropy with logits
def guard_loss(encoder, diffusion, images, noise):
    logits = diffusion(encoder(torch.cat([images, images + 2 * noise])).detach())
    n = len(images)
    target = torch.cat([torch.zeros(n, 1), torch.ones(n, 1)]).to(logits)
    return 2 * nn.BCEWithLogitsLoss()(logits, target)


# %% right: logsigmoid, two passes
def guard_loss(encoder, diffusion, images, noise):
    with torch.no_grad():
        x0 = encoder(images)
        x1 = encoder(images.clone() + noise * 2.0)
    z_in, z_out = diffusion(x0).squeeze(1), diffusion(x1).squeeze(1)
    return -(nn.functional.logsigmoid(-z_in) + nn.functional.logsigmoid(z_out)).mean()


# %% right: logaddexp
def guard_loss(encoder, diffusion, images, noise):
    total = 0
    for shift, sign in ((0, 1), (2, -1)):
        z = sign * diffusion(encoder(images + shift * noise).detach())
        total = total + torch.logaddexp(torch.zeros_like(z), z).sum() / z.numel()
    return total


# %% wrong: labels exchanged
def guard_loss(encoder, diffusion, images, noise):
    inside, outside = encoder(images).detach(), encoder(images + 2 * noise).detach()
    softplus = nn.functional.softplus
    return softplus(-diffusion(inside)).mean() + softplus(diffusion(outside)).mean()


# %% wrong: encoder not detached
def guard_loss(encoder, diffusion, images, noise):
    inside, outside = encoder(images), encoder(images + 2 * noise)
    softplus = nn.functional.softplus
    return softplus(diffusion(inside)).mean() + softplus(-diffusion(outside)).mean()


# %% wrong: detached inside only
def guard_loss(encoder, diffusion, images, noise):
    inside, outside = encoder(images).detach(), encoder(images + 2 * noise)
    softplus = nn.functional.softplus
    return softplus(diffusion(inside)).mean() + softplus(-diffusion(outside)).mean()


# %% wrong: deviation 1
def guard_loss(encoder, diffusion, images, noise):
    inside, outside = encoder(images).detach(), encoder(images + noise).detach()
    softplus = nn.functional.softplus
    return softplus(diffusion(inside)).mean() + softplus(-diffusion(outside)).mean()


# %% wrong: noise on the codes
def guard_loss(encoder, diffusion, images, noise):
    softplus = nn.functional.softplus
    with torch.no_grad():
        inside, outside = encoder(images), encoder(images) + 2 * noise.flatten(1)
    return softplus(diffusion(inside)).mean() + softplus(-diffusion(outside)).mean()


# %% wrong: logarithm of a sigmoid
def guard_loss(encoder, diffusion, images, noise):
    inside, outside = encoder(images).detach(), encoder(images + 2 * noise).detach()
    p, q = torch.sigmoid(diffusion(inside)), torch.sigmoid(diffusion(outside))
    return -(torch.log(1 - p).mean() + torch.log(q).mean())


# %% wrong: mean over both halves
def guard_loss(encoder, diffusion, images, noise):
    inside, outside = encoder(images).detach(), encoder(images + 2 * noise).detach()
    softplus = nn.functional.softplus
    return torch.cat([softplus(diffusion(inside)), softplus(-diffusion(outside))]).mean()


# %% wrong: outside is a number without a graph
def guard_loss(encoder, diffusion, images, noise):
    inside, outside = encoder(images).detach(), encoder(images + 2 * noise).detach()
    softplus = nn.functional.softplus
    return softplus(diffusion(inside)).mean() + softplus(-diffusion(outside)).mean().item()


# %% wrong: everything without a graph
def guard_loss(encoder, diffusion, images, noise):
    softplus = nn.functional.softplus
    with torch.no_grad():
        inside, outside = encoder(images), encoder(images + 2 * noise)
        return softplus(diffusion(inside)).mean() + softplus(-diffusion(outside)).mean()


# %% wrong: adds the noise in place
def guard_loss(encoder, diffusion, images, noise):
    softplus = nn.functional.softplus
    inside = encoder(images).detach()
    images += 2 * noise
    outside = encoder(images).detach()
    return softplus(diffusion(inside)).mean() + softplus(-diffusion(outside)).mean()


# %% wrong: encoder left in eval mode
def guard_loss(encoder, diffusion, images, noise):
    encoder.eval()
    inside, outside = encoder(images).detach(), encoder(images + 2 * noise).detach()
    softplus = nn.functional.softplus
    return softplus(diffusion(inside)).mean() + softplus(-diffusion(outside)).mean()


# %% wrong: diffusion put into train mode
def guard_loss(encoder, diffusion, images, noise):
    diffusion.train()
    inside, outside = encoder(images).detach(), encoder(images + 2 * noise).detach()
    softplus = nn.functional.softplus
    return softplus(diffusion(inside)).mean() + softplus(-diffusion(outside)).mean()


# %% wrong: freezes the encoder for good
def guard_loss(encoder, diffusion, images, noise):
    encoder.requires_grad_(False)
    inside, outside = encoder(images), encoder(images + 2 * noise)
    softplus = nn.functional.softplus
    return softplus(diffusion(inside)).mean() + softplus(-diffusion(outside)).mean()
