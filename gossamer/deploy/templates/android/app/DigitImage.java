package org.gossamer.sample;

/** Drawings made what the pictures of MNIST are, and scores made probabilities. */
final class DigitImage {
    static final int SIZE = 28;
    private static final int BOX = 20;
    private static final float SEEN = 0.05f;

    private DigitImage() {}

    /**
     * The drawing in a box of 20 by 20, whose centre of mass is that of 28 by 28.
     *
     * @param ink how white each point is, from 0 to 1, row by row
     * @param side points of a row
     * @return 784 values from 0 to 1; all 0 where nothing is drawn
     */
    static float[] of(float[] ink, int side) {
        int left = side;
        int top = side;
        int right = -1;
        int bottom = -1;
        for (int i = 0; i < ink.length; i++) {
            if (ink[i] > SEEN) {
                left = Math.min(left, i % side);
                right = Math.max(right, i % side);
                top = Math.min(top, i / side);
                bottom = Math.max(bottom, i / side);
            }
        }
        if (right < 0) {
            return new float[SIZE * SIZE];
        }
        float scale = Math.max(right - left + 1, bottom - top + 1) / (float) BOX;
        return centred(ink, side, scale);
    }

    /**
     * Places the drawing, `scale` points of which become one, by its centre of mass.
     */
    private static float[] centred(float[] ink, int side, float scale) {
        double mass = 0;
        double x = 0;
        double y = 0;
        for (int i = 0; i < ink.length; i++) {
            mass += ink[i];
            x += ink[i] * (i % side + 0.5);
            y += ink[i] * (i / side + 0.5);
        }
        float[] made = new float[SIZE * SIZE];
        double left = x / mass - scale * SIZE / 2;
        double top = y / mass - scale * SIZE / 2;
        for (int i = 0; i < made.length; i++) {
            double column = left + i % SIZE * scale;
            double row = top + i / SIZE * scale;
            made[i] = mean(ink, side, column, row, scale);
        }
        return made;
    }

    /** The mean of a square of the drawing, beyond which all is black. */
    private static float mean(
            float[] ink, int side, double left, double top, float size) {
        double sum = 0;
        int lastRow = Math.min(side - 1, (int) Math.ceil(top + size) - 1);
        int lastColumn = Math.min(side - 1, (int) Math.ceil(left + size) - 1);
        for (int row = Math.max(0, (int) Math.floor(top)); row <= lastRow; row++) {
            double height = Math.min(row + 1, top + size) - Math.max(row, top);
            for (int k = Math.max(0, (int) Math.floor(left)); k <= lastColumn; k++) {
                double width = Math.min(k + 1, left + size) - Math.max(k, left);
                sum += height * width * ink[row * side + k];
            }
        }
        return (float) (sum / ((double) size * size));
    }

    /** The scores themselves if they are probabilities, else their softmax. */
    static float[] probabilities(float[] scores) {
        double sum = 0;
        float largest = scores[0];
        boolean isDone = true;
        for (float score : scores) {
            sum += score;
            largest = Math.max(largest, score);
            isDone &= score >= 0;
        }
        if (isDone && Math.abs(sum - 1) < 0.05) {
            return scores.clone();
        }
        float[] made = new float[scores.length];
        double total = 0;
        for (float score : scores) {
            total += Math.exp(score - largest);
        }
        for (int i = 0; i < made.length; i++) {
            made[i] = (float) (Math.exp(scores[i] - largest) / total);
        }
        return made;
    }
}
