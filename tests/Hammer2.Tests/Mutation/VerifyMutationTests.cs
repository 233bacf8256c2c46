// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using Hammer2.Admin;
using Hammer2.Devices;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Mutation;

/// <summary>
/// Goal: tools that read without mounting survive the same changes as the driver, and verify reports every change that
/// a check code can detect with its address. Method: the same changes as in <see cref="MutationTests"/>, read through
/// Hammer2.Admin.
/// </summary>
public sealed class VerifyMutationTests(ITestOutputHelper output)
{
    private const long WorkBytes = 1L << 30;

    [Theory]
    [InlineData("basic-types", 1000)]
    [InlineData("dmg-base", 500)]
    [InlineData("matrix", 150)]
    [InlineData("pfs-snap", 150)]
    public void Verify_finds_damage_that_check_codes_detect_and_survives_the_rest(string image, int changes)
    {
        using FileBlockDevice file = GoldenImage.Open(image);
        using var overlay = new OverlayBlockDevice(file, ownsBelow: false);
        MediaMap map = MediaMap.Read(Open(overlay));
        Assert.True(Verify.Run(Open(overlay), new VerifyOptions()).IsClean);

        int owed = 0, found = 0, refused = 0;
        foreach (ulong seed in SeededRandom.Seeds(changes))
        {
            overlay.Reset();
            MutationPlan plan = MutationPlan.Apply(Open(overlay), map, new SeededRandom(seed));
            string description = $"{image}, HAMMER2_SEED={seed}: {plan.Description}";
            try
            {
                VerifyReport report = Inspect(Open(overlay));
                found += report.IsClean ? 0 : 1;
                if (!plan.IsNoticeable || plan.Blocks.Count > 1)
                    continue; // one change may hide another
                owed++;
                Assert.True(Names(report, plan.Blocks[0].Address), $"verify does not find {description}");
            }
            catch (MediaException)
            {
                refused++; // only opening fails with an exception: verify always returns a report
            }
            catch (Exception error) when (error is not Xunit.Sdk.XunitException)
            {
                throw new MutationFailedException(description, error);
            }
        }
        output.WriteLine(
            $"{image}: {changes} changes, {refused} refused at opening, "
            + $"damage found in {found}, owed in {owed}");
    }

    private static VerifyReport Inspect(VolumeSet volumes)
    {
        VerifyReport report = Verify.Run(volumes, new VerifyOptions());
        _ = PfsCatalog.Read(volumes);
        FreemapPicture.WriteSvg(FreemapSurvey.Take(volumes), "changed", TextWriter.Null);
        return report;
    }

    private static bool Names(VerifyReport report, ulong address)
    {
        foreach (VerifyFault fault in report.Faults)
        {
            if (fault.Address == address)
                return true;
        }
        return false;
    }

    private static VolumeSet Open(OverlayBlockDevice overlay)
        => VolumeSet.Open([new BoundedDevice(overlay) { Budget = WorkBytes }]);
}
