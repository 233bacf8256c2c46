// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Admin.Fsck;
using Hammer2.Devices;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Mutation;

/// <summary>
/// Goal: no change of media, with or without recomputed check codes, makes a check crash, loop or use memory without
/// bound, and every change that a check code can detect is reported with its address. Method: the same changes as in
/// <see cref="MutationTests"/>.
/// </summary>
public sealed class FsckMutationTests(ITestOutputHelper output)
{
    private const long WorkBytes = 1L << 30;
    private const long AllocatedBytesMax = 256L << 20;

    [Theory]
    [InlineData("basic-types", 1000)]
    [InlineData("dmg-base", 500)]
    [InlineData("matrix", 150)]
    [InlineData("pfs-snap", 250)]
    [InlineData("links", 150)]
    public void A_check_finds_damage_that_check_codes_detect_and_survives_the_rest(string image, int changes)
    {
        using FileBlockDevice file = GoldenImage.Open(image);
        using var overlay = new OverlayBlockDevice(file, ownsBelow: false);
        MediaMap map = MediaMap.Read(Open(overlay));
        int owed = 0, found = 0, refused = 0;
        foreach (ulong seed in SeededRandom.Seeds(changes))
        {
            overlay.Reset();
            MutationPlan plan = MutationPlan.Apply(Open(overlay), map, new SeededRandom(seed));
            string description = $"{image}, HAMMER2_SEED={seed}: {plan.Description}";
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                FsckReport report = FilesystemChecker.Check(Open(overlay));
                found += report.IsClean ? 0 : 1;
                if (plan.IsNoticeable && plan.Blocks.Count == 1) // of several, one may hide another
                {
                    owed++;
                    Assert.True(
                        report.Findings.Any(finding => finding.Severity == FsckSeverity.Error
                            && finding.Address == plan.Blocks[0].Address),
                        $"not found: {description}\n{report}");
                }
            }
            catch (MediaException)
            {
                refused++; // only opening fails with an exception: a check always returns a report
            }
            catch (Exception error) when (error is not Xunit.Sdk.XunitException)
            {
                throw new MutationFailedException(description, error);
            }
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < AllocatedBytesMax, $"{allocated} bytes allocated: {description}");
        }
        output.WriteLine($"{image}: {changes} changes, {refused} refused, found in {found}, owed in {owed}");
    }

    private static VolumeSet Open(OverlayBlockDevice overlay)
        => VolumeSet.Open([new BoundedDevice(overlay) { Budget = WorkBytes }]);
}
