// SPDX-License-Identifier: BSD-3-Clause
using FsCheck;
using Hammer2.Testing;
using Xunit.Sdk;

namespace Hammer2.Tests.Format;

/// <summary>
/// Checks a property for random arguments. They follow from a seed: 1, or HAMMER2_SEED. A failure names the seed that
/// repeats it.
/// </summary>
internal static class Law
{
    /// <summary>Passes when <paramref name="property"/> holds for all arguments drawn.</summary>
    public static void Holds(Property property)
    {
        ulong seed = SeededRandom.Seeds(1)[0];

        // The second half of a FsCheck seed must be odd.
        Config config = Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(seed, (seed << 1) | 1);
        try
        {
            property.Check(config);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            throw new XunitException(
                string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"HAMMER2_SEED={seed}: {failure.Message}"),
                failure);
        }
    }
}
