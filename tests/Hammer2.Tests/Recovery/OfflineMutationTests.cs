// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Admin;
using Hammer2.Admin.MetaImage;
using Hammer2.Admin.Resolve;
using Hammer2.Devices;
using Hammer2.Testing;
using Hammer2.Tests.Mutation;
using Xunit;

namespace Hammer2.Tests.Recovery;

/// <summary>
/// Goal: media of any content end 'resolve' and 'metaimage' with a result, in bounded work, and the image of metadata
/// can be opened. Method: drawn changes of blocks, with and without check codes made anew.
/// </summary>
public sealed class OfflineMutationTests(ITestOutputHelper output)
{
    private const long WorkBytes = 4L << 30;

    [Theory]
    [InlineData("basic-types", 150)]
    [InlineData("pfs-snap", 50)]
    public void Changed_media_are_examined_and_copied(string image, int changes)
    {
        using FileBlockDevice file = GoldenImage.Open(image);
        using var overlay = new OverlayBlockDevice(file, ownsBelow: false);
        MediaMap map = MediaMap.Read(Open(overlay));
        long uses = 0, copied = 0, refused = 0;
        foreach (ulong seed in SeededRandom.Seeds(changes))
        {
            overlay.Reset();
            var random = new SeededRandom(seed);
            string description = MutationPlan.Apply(Open(overlay), map, random).Description;
            try
            {
                VolumeSet volumes = Open(overlay);
                ulong address = map.Blocks[random.Below(map.Blocks.Count)].Address;
                _ = SpaceFacts.Read(volumes, address);
                uses += BlockSearch.Run(volumes, address).UsesTotal;
                foreach (PfsRecord pfs in PfsCatalog.Read(volumes).Records)
                    ObjectBlocks.List(volumes, pfs.Reference, _ => uses++);
                var copy = new MemoryBlockDevice((long)volumes.TotalBytes);
                var options = new MetaImageOptions { ScramblesNames = random.OneIn(2) };
                copied += MetaImageWriter.Write(volumes, [copy], options).Blocks;
                _ = VolumeSet.Open([copy]);
            }
            catch (MediaException)
            {
                refused++; // only opening fails with an exception
            }
            catch (Exception error) when (error is not Xunit.Sdk.XunitException)
            {
                throw new MutationFailedException($"{image}, HAMMER2_SEED={seed}: {description}", error);
            }
        }
        output.WriteLine($"{changes} changes, {refused} refused at opening, {uses} references, {copied} blocks copied");
        Assert.True(uses > changes && copied > changes && refused < changes / 4);
    }

    private static VolumeSet Open(OverlayBlockDevice overlay)
        => VolumeSet.Open([new BoundedDevice(overlay) { Budget = WorkBytes }]);
}
